"""The plugin as its users meet it: in a pytest run of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

# pytester forgets what a run within this process has imported, and a second copy of half of them fits nothing
import ussd_gateway.alone
import ussd_gateway.scenario.parse
import ussd_gateway.scenario.report  # noqa: F401

HOUSE = Path(__file__).parent.parent
WITHOUT_PYTEST_ASYNCIO = """
import sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pytest_asyncio":
            raise ImportError(name)

sys.meta_path.insert(0, Finder())
"""
OURS = ("-p", "ussd_gateway.pytest_plugin")
WITH_ASYNCIO = ("-p", "pytest_asyncio.plugin", *OURS)


@pytest.fixture
def run(pytester, monkeypatch):
    """A run with only the plugins that it names, whatever is installed; every warning is an error."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(HOUSE), prepend=os.pathsep)

    def run(*arguments, plugins=WITH_ASYNCIO, apart=False):
        start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return start(*plugins, "-W", "error", "-p", "no:cacheprovider", *arguments)

    return run


@pytest.fixture
def ini(pytester):
    def ini(*lines):
        lines = ("asyncio_default_fixture_loop_scope = function", *lines)
        pytester.makeini("\n".join(("[pytest]", *lines)))

    ini()
    return ini


ASYNC = """
    import pytest

    pytestmark = pytest.mark.asyncio
    urls = set()

    async def test_dial_and_wait(gateway, gateway_url):
        alice = gateway.handset("70001000001")
        assert (await alice.dial("*111#")).awaiting
        await gateway.wait(31)
        assert alice.screen.outcome == "timeout"
        urls.add(gateway_url)

    async def test_another(gateway, gateway_url):
        assert gateway.handset("70001000001").screen is None
        assert gateway_url == gateway.http_url
        assert gateway_url not in urls
        assert gateway.store.path == ":memory:"
"""
PLAIN = """
    import json
    from urllib.request import urlopen

    urls = set()

    def test_dial_and_wait(gateway, gateway_url):
        alice = gateway.sync.handset("70001000001")
        assert alice.dial("*111#").awaiting
        gateway.sync.wait(31)
        assert alice.screen.outcome == "timeout"
        urls.add(gateway_url)

    def test_a_client_that_blocks_is_served_meanwhile(gateway, gateway_url):
        alice = gateway.sync.handset("70001000001")
        assert alice.screen is None
        assert gateway_url not in urls
        alice.dial("*111*25#")
        sms = alice.receive(sender="3339", match=r"Пароль: (\\S+)\\.")
        with urlopen(f"{gateway_url}/api/v1/handsets/70001000001/sms") as answer:
            (message,) = json.load(answer)["messages"]
        assert sms.groups[0] in message["text"]
"""


@pytest.mark.parametrize("mode", ["strict", "auto"])
@pytest.mark.parametrize("tests", [ASYNC, PLAIN], ids=["async", "plain"])
def test_each_test_gets_a_gateway_of_its_own_under_a_virtual_clock(pytester, run, ini, mode, tests):
    ini(f"asyncio_mode = {mode}")
    pytester.makepyfile(tests)
    run().assert_outcomes(passed=2)


IN_SENTENCES = r"""
    import pytest

    def test_plain(gateway, script):
        found = script('phone anna is 70001000001\nanna dials *100#\nanna sees /: (?P<sum>[0-9.]+)/')
        assert found == {"sum": "150.00"}
        script("anna dials *111#")
        assert gateway.sync.handset("70001000001").screen.awaiting
        script("esme shop is test\nshop binds")

    def test_another_knows_nobody_of_the_first(script):
        with pytest.raises(ValueError, match='there is no phone "anna"'):
            script("anna dials *100#")
        script("use people.ussd")
        script("boris dials *100#")
"""
AWAITED = IN_SENTENCES.replace("def test", "@pytest.mark.asyncio\n    async def test").replace(
    " script(", " await script("
)


@pytest.mark.parametrize(
    ("tests", "plugins"), [(IN_SENTENCES, OURS), (IN_SENTENCES, WITH_ASYNCIO), (AWAITED, WITH_ASYNCIO)]
)
@pytest.mark.parametrize("scope", ["function", "session"])
def test_sentences_are_played_on_the_gateway_of_the_test(pytester, run, ini, tests, plugins, scope):
    if plugins is WITH_ASYNCIO:
        ini(f"asyncio_default_test_loop_scope = {scope}")
    else:
        pytester.makeini("[pytest]\n")
    (pytester.path / "people.ussd").write_text("phone boris is 70002000001\n")
    pytester.makepyfile(tests)
    run(plugins=plugins).assert_outcomes(passed=2)


def test_a_plain_test_says_sentences_on_a_gateway_that_an_async_fixture_awaits(pytester, run, ini):
    ini("asyncio_mode = auto")
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        async def dialled(gateway):
            await gateway.handset("70001000001").dial("*111#")

        def test_it(dialled, script):
            script("phone anna is 70001000001\\nanna answers 1\\nanna sees final screen")
        """
    )
    run().assert_outcomes(passed=1)


@pytest.mark.parametrize("awaits", [False, True])
def test_a_failed_sentence_is_told_as_play_tells_it_and_a_mistake_with_its_caret(pytester, run, ini, awaits):
    ini("asyncio_mode = auto")
    tests = """
        def test_it(script):
            script("phone anna is 70001000001")
            script("anna dials *100#\\nanna sees awaiting screen")

        def test_mistake(script):
            script("phone anna is 70001000001\\nanna dails *100#")
    """
    if awaits:
        tests = tests.replace("def test", "async def test").replace(" script(", " await script(")
    pytester.makepyfile(tests)
    result = run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E *FAILED  call 2:2: test_it",
            "E *anna sees awaiting screen",
            "E *arrived on anna (70001000001):",
            "E *Ваш баланс: 150.00 р.",
            "E *transcript of anna (70001000001):",
            "E *call 2:1  dials [*]100#",
            '*call 1:2:6: I do not know "dails"',
            "E * ^^^^^",
            'E *did you mean "dials"[?]',
        ]
    )
    result.stdout.no_fnmatch_line("*stage.py*in *")


def test_plain_tests_need_no_pytest_asyncio(pytester, run):
    pytester.makepyfile(PLAIN)
    run(plugins=OURS).assert_outcomes(passed=2)


def test_plain_and_async_tests_stand_side_by_side_in_one_file(pytester, run, ini):
    ini("asyncio_mode = auto")
    pytester.makepyfile(
        """
        import asyncio

        async def test_one(gateway):
            assert await gateway.handset("70001000001").dial("*100#") == "Ваш баланс: 150.00 р."

        def test_two(gateway):
            assert gateway.sync.handset("70001000001").dial("*100#") == "Ваш баланс: 150.00 р."

        async def test_three(gateway):
            alice = gateway.sync.handset("70001000001")
            assert await asyncio.to_thread(alice.dial, "*100#") == "Ваш баланс: 150.00 р."

        async def test_four(gateway):
            try:
                gateway.sync.handset("70001000001").dial("*100#")
            except RuntimeError as error:
                assert "write `await gateway.handset(...)" in str(error)
            else:
                raise AssertionError("it cannot have waited for itself")
        """
    )
    run().assert_outcomes(passed=4)


@pytest.mark.parametrize("scope", ["function", "class", "module", "session"])
def test_a_gateway_is_on_the_loop_of_its_test_however_long_that_lives(pytester, run, ini, scope):
    pytester.makepyfile(
        f"""
        import asyncio
        import pytest

        @pytest.mark.asyncio(loop_scope="{scope}")
        class TestIt:
            async def test_one(self, gateway):
                assert await gateway.handset("70001000001").dial("*100#") == "Ваш баланс: 150.00 р."

            async def test_two(self, gateway):
                reader, writer = await asyncio.open_connection(*gateway.smpp_address)
                writer.close()
                await writer.wait_closed()
        """
    )
    run().assert_outcomes(passed=2)


def test_a_loop_that_the_settings_make_long_is_found_too(pytester, run, ini):
    ini("asyncio_mode = auto", "asyncio_default_test_loop_scope = session")
    pytester.makepyfile(
        """
        async def test_it(gateway):
            assert await gateway.handset("70001000001").dial("*100#") == "Ваш баланс: 150.00 р."
        """
    )
    run().assert_outcomes(passed=1)


def test_fixtures_that_dial_work_in_either_kind_of_test(pytester, run, ini):
    ini("asyncio_mode = auto")
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        async def on_the_portal(gateway):
            alice = gateway.handset("70001000001")
            await alice.dial("*111#")
            return alice

        @pytest.fixture
        def at_the_balance(gateway):
            bob = gateway.sync.handset("70002000001")
            bob.dial("*100#")
            return bob

        def test_plain(gateway, on_the_portal, at_the_balance):
            assert on_the_portal.screen.awaiting
            assert at_the_balance.screen == "Ваш баланс: 0.00 р."
            assert gateway.sync.handset("70001000001").answer("1") == "Ваш баланс: 150.00 р."

        async def test_async(on_the_portal, at_the_balance):
            assert at_the_balance.screen == "Ваш баланс: 0.00 р."
            assert await on_the_portal.answer("1") == "Ваш баланс: 150.00 р."
        """
    )
    run().assert_outcomes(passed=2)


@pytest.mark.parametrize("installed", [True, False])
def test_an_async_test_that_nobody_runs_is_told_what_to_do(pytester, run, installed):
    pytester.makeini("[pytest]\n" + "asyncio_default_fixture_loop_scope = function\n" * installed)
    pytester.makepyfile(
        without=WITHOUT_PYTEST_ASYNCIO,
        test_it="async def test_it(gateway): pass\ndef test_other(): pass\ndef test_plain(gateway): pass",
    )
    plugins = WITH_ASYNCIO if installed else ("-p", "without", *OURS)
    result = run(plugins=plugins, apart=True)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*pip install 'ussd-gateway?test?'*mark the test with @pytest.mark.asyncio*"])


# Settings ----------------------------------------------------------------------------------------------------------


def test_settings_come_from_markers_the_nearest_last_and_from_a_fixture(pytester, run):
    pytester.mkdir("tests")
    (pytester.path / "tests" / "shop.toml").write_text('[[subscriber]]\nmsisdn = "70001000001"\nbalance = "7.50"\n')
    (pytester.path / "tests" / "test_it.py").write_text(
        """
import pytest

pytestmark = pytest.mark.gateway(config="shop.toml", flags={"network.user_timeout": 5.0})

@pytest.fixture
def gateway_flags():
    answers = {"code": "*384*77#", "url": "http://127.0.0.1:1/", "dialect": "africas_talking"}
    return {"application": [answers], "network.user_timeout": 9.0}

def test_of_the_file(gateway):
    phone = gateway.sync.handset("70001000001")
    assert phone.dial("*100#") == "Ваш баланс: 7.50 р."
    assert phone.dial("*384*77#").outcome == "unreachable"
    assert gateway.config.network.user_timeout == 5.0

@pytest.mark.gateway(flags={"network.user_timeout": 6.0}, start="2018-04-27T17:50:00+03:00")
def test_of_its_own(gateway):
    assert gateway.config.network.user_timeout == 6.0
    assert gateway.config.subscriber[0].balance == 750
    assert gateway.now() == 1524840600.0
"""
    )
    run("--strict-markers", plugins=OURS).assert_outcomes(passed=2)


def test_one_config_serves_every_test_and_script_of_a_project(pytester, run):
    pytester.makeini("[pytest]\nussd_config = gateway.toml\n")
    (pytester.path / "gateway.toml").write_text('[[subscriber]]\nmsisdn = "70001000001"\nbalance = "7.50"\n')
    pytester.makepyfile(
        """
        def test_it(gateway):
            assert gateway.sync.handset("70001000001").dial("*100#") == "Ваш баланс: 7.50 р."
        """
    )
    write(pytester, "balance", 'phone a is 70001000001\na dials *100#\na sees exactly "Ваш баланс: 7.50 р."\n')
    run(plugins=OURS).assert_outcomes(passed=2)


def test_wrong_settings_of_all_are_told_for_scripts_too(pytester, run):
    pytester.makeini("[pytest]\nussd_config = none.toml\n")
    write(pytester, "balance", SCENARIOS)
    result = run(plugins=OURS)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*none.toml: No such file or directory*"])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ('flags={"network.user_timeot": 5}', "*network.user_timeot: there is no such key; did you mean user_timeout?"),
        ('start="yesterday"', "*'yesterday' is no moment; one looks like 2018-04-27T17:50:00+03:00"),
        ("port=5", "@pytest.mark.gateway takes config=, flags= and start="),
        ('config="none.toml"', "*none.toml: No such file or directory*"),
    ],
)
def test_wrong_settings_are_told_in_a_line(pytester, run, marker, told):
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.gateway({marker})\ndef test_it(gateway): pass\n")
    result = run(plugins=OURS)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([told])
    result.stdout.no_fnmatch_line("*Traceback*")


# Scripted sessions -------------------------------------------------------------------------------------------------

SCENARIOS = """
tags portal

phone anna is 70001000001

scenario "The balance" tagged smoke
    anna dials *100#
    anna sees "Ваш баланс"
    anna sends sms "to herself" to anna

scenario "Who thinks for too long" tagged slow
    anna receives no sms for 1s
    anna dials *111#
    wait 31s
    anna sees outcome timeout
"""
WRONG = """
phone anna is 70001000001

scenario "Passes"
    anna dials *100#

scenario "Fails"
    anna dials *100#
    anna sees exactly "Ваш баланс: 105.00 р."
"""


def write(pytester, name, text):
    path = pytester.path / f"{name}.ussd"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_each_scenario_of_a_script_is_a_test_by_its_title(pytester, run):
    write(pytester, "sessions/balance", SCENARIOS)
    result = run("-v", "--strict-markers", plugins=OURS)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "sessions/balance.ussd::The balance PASSED*",
            "sessions/balance.ussd::Who thinks for too long PASSED*",
        ]
    )


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        (["-m", "smoke"], ["The balance"]),
        (["-m", "portal and not slow"], ["The balance"]),
        (["-m", "portal"], ["The balance", "Who thinks for too long"]),
        (["-k", "thinks"], ["Who thinks for too long"]),
        (["balance.ussd::Who thinks for too long"], ["Who thinks for too long"]),
    ],
)
def test_scenarios_are_selected_as_tests_are(pytester, run, selection, selected):
    write(pytester, "balance", SCENARIOS)
    result = run("--collect-only", "-q", "--strict-markers", *selection, plugins=OURS)
    assert [line for line in result.outlines if "::" in line] == [f"balance.ussd::{title}" for title in selected]


def test_the_tags_skip_and_xfail_mean_what_they_mean_to_pytest(pytester, run):
    write(
        pytester, "wrong", WRONG.replace('"Fails"', '"Fails" tagged xfail').replace('"Passes"', '"Passes" tagged skip')
    )
    run(plugins=OURS).assert_outcomes(skipped=1, xfailed=1)


def test_a_failure_is_told_as_play_tells_it_and_the_next_scenario_is_played(pytester, run):
    write(pytester, "wrong", WRONG + '\nscenario "Afterwards"\n    anna dials *100#\n')
    result = run(plugins=OURS)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "FAILED  wrong.ussd:9: Fails",
            '    anna sees exactly "Ваш баланс: 105.00 р."',
            '  expected: a screen exactly "Ваш баланс: 105.00 р."',
            "  arrived on anna (70001000001):",
            "        Ваш баланс: 1{+5+}0[[]-5-].00 р.",
            "  transcript of anna (70001000001):",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_script_that_cannot_be_read_is_an_error_of_the_collection_with_all_its_mistakes(pytester, run):
    write(pytester, "wrong", "phone anna is 70001000001\n\nanna dails *100#\nanna sees finl screen\n")
    result = run(plugins=OURS)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['wrong.ussd:3:6: I do not know "dails"', "wrong.ussd:4:11: *"])


def test_each_file_has_a_gateway_of_its_own_and_its_scenarios_share_it_in_their_order(pytester, run):
    head = "phone anna is 70001000001\n\n"
    connects = 'scenario "First"\n    anna dials *111*828*1#\n    anna sees final screen\n\n'
    connected = 'scenario "Then"\n    anna dials *111*3#\n    anna sees final screen "Подключены"\n'
    write(pytester, "a", head + connects + connected)
    write(pytester, "b", head + connected.replace("Подключены", "Подключённых услуг нет"))
    run(plugins=OURS).assert_outcomes(passed=3)


def test_a_file_that_others_use_is_no_test_unless_somebody_asks_for_it(pytester, run):
    write(pytester, "shared/people", "phone anna is 70001000001\n\nsetup\n    anna dials *111#\n")
    write(pytester, "portal", "use shared/people.ussd\n\nanna sees awaiting screen\n")
    run(plugins=OURS).assert_outcomes(passed=1)
    result = run("shared/people.ussd", plugins=OURS)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*people.ussd:1:1: there is nothing to play"])


def test_the_clock_begins_where_a_script_says(pytester, run):
    moment = "starts at 2018-05-03 11:00"
    write(pytester, "clock", f"{moment}\nphone anna is 70001000001\n\nanna dials *100#\nwait until 2018-05-03 11:30\n")
    run(plugins=OURS).assert_outcomes(passed=1)


OTHERS = {
    "a table": "code;answer\n*100#;Your balance\n",
    "a language of its own": "<ussd>\n  <dial>*100#</dial>\n</ussd>\n",
    "words": "The phone rings.\nWait for it, then check the scenario.\nIt will ring again, and was answered.\nShe will answer.\n",
    "octets": b"\x00\xff\xfe\x80",
    "nothing": "",
}


@pytest.mark.parametrize("other", OTHERS)
def test_files_of_this_name_that_are_something_else_are_left_alone(pytester, run, other):
    content = OTHERS[other]
    (pytester.path / "other.ussd").write_bytes(content if isinstance(content, bytes) else content.encode())
    pytester.makepyfile("def test_it(): pass")
    run(plugins=OURS).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("setting", "outcomes"),
    [
        ("", {"passed": 3}),
        ("ussd_files =", {"passed": 1}),
        ("ussd_files = false", {"passed": 1}),
        ("ussd_files = sessions/*.ussd", {"passed": 3}),
        ("ussd_files = *.script", {"passed": 1}),
    ],
)
def test_the_settings_say_which_files_are_scripts(pytester, run, setting, outcomes):
    pytester.makeini(f"[pytest]\n{setting}\n")
    write(pytester, "sessions/balance", SCENARIOS)
    pytester.makepyfile("def test_it(): pass")
    run(plugins=OURS).assert_outcomes(**outcomes)


def test_the_result_of_a_script_is_in_junit_xml_too(pytester, run):
    write(pytester, "wrong", WRONG)
    run("--junitxml=result.xml", plugins=OURS)
    written = (pytester.path / "result.xml").read_text()
    assert re.findall(r'<testcase classname="(.*?)" name="(.*?)"', written) == [
        ("wrong.ussd", "Passes"),
        ("wrong.ussd", "Fails"),
    ]
    assert "expected: a screen exactly" in written


# Good manners ------------------------------------------------------------------------------------------------------

COUNTING = """
import asyncio, gc, os, threading
from pathlib import Path
import pytest

seen = []

def left():
    gc.collect()
    tasks = [each for each in gc.get_objects() if isinstance(each, asyncio.Task) and not each.done()]
    files = sorted(str(path) for path in Path.cwd().rglob("*") if "__pycache__" not in path.parts)
    threads = sorted(thread.name for thread in threading.enumerate())
    return len(os.listdir("/proc/self/fd")), threads, len(tasks), files

def pytest_sessionstart():
    seen.append(left())

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    done = yield
    if nextitem is None or nextitem.parent is not item.parent or item.path.suffix == ".py":
        seen.append(left())
    return done

def pytest_sessionfinish():
    if len(seen) > 1:  # not in the process that only hands out work
        left = "nothing" if all(each == seen[0] for each in seen) else str(seen)
        Path(os.environ["LEFT"], str(os.getpid())).write_text(left)
"""
USING = """
import json
from urllib.request import urlopen

import aiohttp
import pytest

def test_nothing(): pass

@pytest.mark.parametrize("number", range(3))
async def test_async(gateway, number):
    alice = gateway.handset("70001000001")
    await alice.dial("*111*25#")
    await alice.receive(sender="3339")
    async with aiohttp.ClientSession() as session:
        await session.get(f"{gateway.http_url}/api/v1/handsets")

@pytest.mark.parametrize("number", range(3))
def test_plain(gateway, number):
    alice = gateway.sync.handset("70001000001")
    alice.dial("*111*25#")
    alice.receive(sender="3339")
    urlopen(f"{gateway.http_url}/api/v1/handsets").close()

@pytest.mark.parametrize("number", range(3))
def test_in_the_middle_of_a_dialogue(gateway, number):
    gateway.sync.handset("70001000001").dial("*111#")
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
@pytest.mark.parametrize("mode", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_nothing_is_left_behind_neither_file_nor_socket_nor_thread_nor_task(
    pytester, run, ini, mode, tmp_path_factory, monkeypatch
):
    if mode:
        pytest.importorskip("xdist")
    ini("asyncio_mode = auto")
    pytester.makeconftest(COUNTING)
    pytester.makepyfile(USING)
    for name in ("one", "two", "three"):
        write(pytester, name, SCENARIOS)
    verdicts = tmp_path_factory.mktemp("verdicts")
    monkeypatch.setenv("LEFT", str(verdicts))
    plugins = (*WITH_ASYNCIO, "-p", "xdist.plugin", "-p", "xdist.looponfail") if mode else WITH_ASYNCIO
    run("-q", *mode, plugins=plugins, apart=True).assert_outcomes(passed=16)
    assert {path.read_text() for path in verdicts.iterdir()} == {"nothing"}


def test_the_log_of_the_project_stays_as_it_is_and_hears_nothing_of_the_gateway(pytester, run):
    pytester.makepyfile(
        """
        import logging
        import structlog

        heard = []

        def hear(logger, level, event):
            heard.append(event["event"])
            raise structlog.DropEvent

        def test_it(gateway, capfd, caplog):
            structlog.configure(processors=[hear])
            before = structlog.get_config(), logging.root.level, list(logging.root.handlers)
            alice = gateway.sync.handset("70001000001")
            alice.dial("*111*25#")
            alice.receive(sender="3339")
            structlog.get_logger().info("my own")
            assert (structlog.get_config(), logging.root.level, list(logging.root.handlers)) == before
            assert heard == ["my own"]
            assert caplog.records == []

        def test_another(gateway, capfd):
            structlog.reset_defaults()
            gateway.sync.handset("70001000001").dial("*100#")
            assert not structlog.is_configured()
            assert capfd.readouterr() == ("", "")
        """
    )
    result = run("-s", "-q", plugins=OURS, apart=True)
    result.assert_outcomes(passed=2)
    assert result.stderr.lines == []
    assert next(line for line in result.outlines if line).startswith("..")


def test_importing_the_plugin_imports_no_gateway():
    program = (
        "import sys, ussd_gateway.pytest_plugin; "
        "print(sorted({'aiohttp', 'pydantic', 'ussd_gateway.serve', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_run_that_wants_no_gateway_imports_none(pytester, run):
    pytester.makepyfile("import sys\n\ndef test_it(): assert not {'aiohttp', 'structlog', 'regex'} & set(sys.modules)")
    run(plugins=OURS, apart=True).assert_outcomes(passed=1)
