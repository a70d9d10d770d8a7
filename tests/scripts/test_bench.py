"""scripts/bench.py: what it makes of figures, and that each kind of scenario runs. Nothing here is timed."""

import importlib.util
import json
import socket
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

SOURCE = Path(__file__).parents[2] / "scripts" / "bench.py"


def load():
    spec = importlib.util.spec_from_file_location("bench", SOURCE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


bench = load()
OURS = "ussd-gateway, memory"


def test_the_median_is_of_the_rounds_that_have_the_figure():
    rounds = [{"msg_per_s": 1, "p99_ms": 5, "statuses": {}}, {"msg_per_s": 9, "p99_ms": None}, {"msg_per_s": 2}]
    assert bench.median(rounds) == {"msg_per_s": 2, "p99_ms": 5}


def test_a_target_is_met_missed_or_without_data():
    scenario = bench.SCENARIOS["C"]
    told = dict(bench.verdicts(scenario, {"lost": 0}, quick=False))
    assert told["lost == 0"] == ""
    told = dict(bench.verdicts(scenario, {"lost": 3}, quick=False))
    assert "it is 3" in told["lost == 0"]
    assert "no data" in told["doubled == 0"]


@pytest.mark.parametrize("name", bench.SCENARIOS)
def test_every_target_is_of_a_figure_that_is_shown_or_counted(name):
    scenario = bench.SCENARIOS[name]
    assert {figure for figure, _, _ in scenario.targets} <= {*scenario.shown, "errors"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A", [OURS, "ussd-gateway, file", "bare asyncio", "reference"]),
        ("C", [OURS, "ussd-gateway, file"]),
        ("I", [OURS]),
        ("M", ["ussd-gateway, file"]),
    ],
)
def test_a_scenario_is_measured_where_it_means_something(name, expected):
    others = [
        bench.Server("bare asyncio", (), receipts=False),
        bench.Server("reference", ("limit", "PORT"), receipts=False),
    ]
    servers = bench.own_servers() + others
    assert [server.name for server in bench.servers_of(bench.SCENARIOS[name], servers)] == expected


RESULTS = {
    "A": {
        OURS: {"msg_per_s": 50_000.0, "p99_ms": 4.25, "server_cpu_s_per_100k": 2.0, "errors": 1},
        "node<smpp>": {"msg_per_s": 25_000.0, "p99_ms": None},
        "broken": {},
    }
}


def test_the_table_shows_figures_targets_and_ratios():
    words = "\n".join(bench.table("A", RESULTS["A"], quick=False))
    assert f"| {OURS} | 50,000 | 4.25 | 2 |" in words
    assert "| node<smpp> | 25,000 | - | - |" in words
    assert "errors == 0: **missed** it is 1" in words
    assert "beside node<smpp>: 2.00 (memory) times as many a second" in words


def test_figures_are_told_beside_those_of_others_also_of_another_scenario():
    results = {
        "A": {OURS: {"msg_per_s": 30_000}, "node-smpp": {"msg_per_s": 10_000}, "reference": {"msg_per_s": 20_000}},
        "C": {"ussd-gateway, file": {"receipt_per_s": 7_000}},
    }
    assert list(bench.compared(results)) == [
        ("A, memory: msg_per_s is 1.50 times that of reference in A; target >= 1: met", True),
        ("C, file: receipt_per_s is 0.35 times that of reference in A; target >= 0.4: **missed**", False),
        ("A, memory: msg_per_s is 3.00 times that of node-smpp in A; target >= 3: met", True),
    ]


def test_the_picture_is_xml_with_a_bar_for_each_server():
    root = ElementTree.fromstring(bench.svg(RESULTS))
    bars = root.findall("{*}rect[@rx]")
    assert [bar.get("fill") for bar in bars] == [bench._OURS, bench._OTHERS]
    assert int(bars[0].get("width")) == 2 * int(bars[1].get("width"))
    assert "node<smpp>" in [text.text for text in root.findall("{*}text")]


def test_the_other_generator_is_told_and_understood():
    load = bench.Load(window=100, count=5, receipts=True)
    assert load.letters() == ["-k", "0.0", "-b", "4", "-W", "100", "-n", "5", "-t", "600", "-r", "1", "-D", "60"]
    told = {"msg_per_s": 5, "ok": 10, "err": 0, "dlr": 9, "dlr_per_s": 4, "srv_rss_kb": 2048}
    assert bench.from_smppload(told) == {
        "msg_per_s": 5,
        "accepted": 10,
        "errors": 0,
        "receipts": 9,
        "server_rss_mib": 2,
        "lost": 1,
        "doubled": 0,
    }


def test_less_is_measured_when_it_has_to_be_quick():
    assert bench.Load(count=100_000, seconds=5, warmup=1).quick() == bench.Load(count=5000, seconds=1, warmup=0.2)


def test_an_unknown_scenario_is_told_which_there_are(capsys):
    with pytest.raises(SystemExit):
        bench.arguments(["--only", "A,Z"])
    assert "--only Z: unknown; known: A, C" in capsys.readouterr().err


def test_a_server_that_does_not_start_is_told():
    server = bench.Server("broken", (sys.executable, "-c", "raise SystemExit(7)"))
    with pytest.raises(bench.BenchError, match="broken ended with status 7"), bench.running(server):
        pass


@pytest.fixture
def small(monkeypatch):
    """Everything as it is, only less of it."""
    monkeypatch.setattr(bench, "QUICK", 10_000)
    monkeypatch.setenv("USSD_GATEWAY_SELFCARE_ARGON2_TIME_COST", "1")
    monkeypatch.setenv("USSD_GATEWAY_SELFCARE_ARGON2_MEMORY_KIB", "8")


def test_scenarios_run_and_what_they_found_is_printed_drawn_and_written(small, tmp_path, capsys):
    picture, medians = tmp_path / "speed.svg", tmp_path / "speed.json"
    page = tmp_path / "speed.md"
    page.write_text("# Speed\n\n## Figures\n\nold ones\n")
    words = ["--alone", "--quick", "--rounds", "1", "--svg", str(picture), "--json", str(medians), "--page", str(page)]
    assert bench.main([*words, "--only", "C,M,I"]) == 0
    assert "### C: submissions with receipts" in capsys.readouterr().out
    assert ElementTree.parse(picture).findall("{*}rect[@rx]")
    assert page.read_text().startswith("# Speed\n\n## Figures\n\nOne round, Python 3.")
    assert "### I: 1,000 idle binds" in page.read_text()
    assert "old ones" not in page.read_text()
    figures = json.loads(medians.read_text())
    assert figures["C"]["ussd-gateway, file"]["lost"] == 0
    assert figures["C"][OURS]["receipts"] == 10
    assert figures["M"]["ussd-gateway, file"]["accepted"] == 200
    assert figures["I"][OURS]["idle_binds"] == 1000


def test_check_ends_with_1_when_a_target_is_missed(monkeypatch, capsys):
    monkeypatch.setattr(bench, "measured", lambda given, servers: [("C", {OURS: {"lost": 1}})])
    assert bench.main(["--alone", "--check"]) == 1
    assert bench.main(["--alone"]) == 0
    assert "C, ussd-gateway, memory: lost == 0: it is 1" in capsys.readouterr().err


def test_the_bare_server_answers_and_can_be_stopped():
    server = bench.Server("bare", (sys.executable, str(SOURCE.parent / "bench" / "bare_server.py"), "PORT"))
    with bench.running(server) as to:
        bench.bound(to.port).close()
        figures = bench.figures_of(bench.start_load(to, bench.Load(count=300, window=20)))
    assert figures["accepted"] == 300
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", to.port))


def test_open_sessions_are_counted_and_all_of_them_time_out():
    figures = bench.open_sessions(bench.Running(bench.own_servers()[0], 0, 0), bench.Load(count=200), None)

    assert figures["kept"] == 200
    assert figures["left"] == 0
    assert figures["heap_entries"] == 1
    assert figures["step_us"] > 0
