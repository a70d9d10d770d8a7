"""`ussd-gateway menu check`, `graph` and `schema`, as somebody types them."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from ussd_gateway.cli import main
from ussd_gateway.menu.schema import schema_text

GOOD = """\
title = "Good"
codes = ["*701#"]
languages = ["en"]

[screens.main]
text = "Hi"
end = true
"""
BAD = """\
title = "Bad"
codes = ["*702#"]
languages = ["en"]

[screens.main]
text = "Hi"
choices = [{ key = "1", label = "On", to = "nxet" }]

[screens.next]
handler = "selfcare.balanse"
text = "{{ balance }}"
end = true
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project: the menus in a folder beside the config."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "menus").mkdir()
    (tmp_path / "menus" / "good.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    return tmp_path


@pytest.fixture
def bad(folder):
    (folder / "menus" / "bad.toml").write_text(BAD, encoding="utf-8")
    return folder


def run(*words):
    done = CliRunner().invoke(main, ["menu", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


# check


def test_what_is_right_says_nothing_and_ends_with_0(folder):
    assert run("check") == (0, "", "1 menu: no mistakes, no warnings.\n")
    assert run("check", "menus/good.toml")[0] == 0


def test_the_menus_that_come_with_the_gateway_have_no_mistakes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no folder menus here
    status, told, words = run("check")
    assert (status, told) == (0, "")
    assert words.endswith("no mistakes, no warnings.\n")


def test_each_mistake_is_a_line_with_file_line_key_and_the_way_out(bad):
    status, told, words = run("check")
    lines = told.splitlines()
    assert status == 1
    assert 'menus/bad.toml:7: screens.main.choices[0].to: there is no screen "nxet"; did you mean "next"?' in lines
    assert (
        'menus/bad.toml:10: screens.next.handler: there is no handler "selfcare.balanse"; did you mean "selfcare.balance"?'
        in lines
    )
    assert words.startswith("2 menus: 2 mistakes, ")


def test_a_warning_is_a_finding_and_says_that_it_is_one(folder):
    (folder / "menus" / "good.toml").write_text(GOOD + '[screens.old]\ntext = "Old"\nend = true\n', encoding="utf-8")
    status, told, words = run("check")
    assert status == 1
    assert told.startswith("menus/good.toml:8: screens.old: warning: ")
    assert words == "1 menu: no mistakes, 1 warning.\n"


def test_files_of_one_folder_are_looked_at_together_and_folders_apart(folder):
    (folder / "menus" / "twin.toml").write_text(GOOD, encoding="utf-8")
    (folder / "other").mkdir()
    (folder / "other" / "good.toml").write_text(GOOD, encoding="utf-8")
    assert [row["rule"] for row in json.loads(run("check", "menus", "--json")[1])] == ["duplicate-code"]
    assert run("check", "menus/good.toml", "other")[0] == 0


def test_a_handler_of_ones_own_is_imported_from_beside_the_config(folder):
    own = GOOD.replace("end =", 'handler = "my_airtime_shop:balance"\nend =')
    (folder / "menus" / "good.toml").write_text(own, encoding="utf-8")
    assert "there is no module my_airtime_shop" in run("check")[1]
    (folder / "my_airtime_shop.py").write_text("async def balance(ussd):\n    return {}\n", encoding="utf-8")
    assert run("check")[0] == 0


def test_json_has_every_finding(bad):
    status, told, _ = run("check", "--json", "menus/bad.toml")
    assert status == 1
    assert json.loads(told)[0] == {
        "file": "menus/bad.toml",
        "line": 7,
        "key": "screens.main.choices[0].to",
        "rule": "unknown-target",
        "level": "error",
        "message": 'there is no screen "nxet"; did you mean "next"?',
    }
    assert run("check", "--json", "menus/good.toml")[:2] == (0, "[]\n")


def test_sarif_has_every_finding(bad):
    status, told, _ = run("check", "--sarif", "menus")
    results = json.loads(told)["runs"][0]["results"]
    assert status == 1
    assert results[0]["ruleId"] == "unknown-target"
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "menus/bad.toml"


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"title = '\xff'", "is not in UTF-8; save it so"),
        (b"#" * (256 * 1024 + 1), "has more than 256 KiB; make it several menus"),
    ],
)
def test_a_file_that_cannot_be_looked_into_is_a_mistake_of_its_own(folder, octets, words):
    (folder / "menus" / "good.toml").write_bytes(octets)
    assert run("check")[:2] == (1, f"menus/good.toml:1: {words}\n")


@pytest.mark.parametrize("command", ["check", "graph"])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("nowhere", "there is no folder or file nowhere\n"),
        ("empty", "empty has no menus; a menu is a file such as portal.toml\n"),
    ],
)
def test_where_there_are_no_menus_the_status_is_2(folder, command, place, words):
    (folder / "empty").mkdir()
    assert run(command, place) == (2, "", words)


def test_a_config_with_a_mistake_is_told(folder):
    (folder / "config.toml").write_text("[menus]\ndirektory = 'x'\n", encoding="utf-8")
    status, _, words = run("check")
    assert status == 2
    assert "menus.direktory: there is no such key" in words


# graph


def test_a_menu_is_drawn_as_mermaid_on_standard_output(folder):
    status, told, words = run("graph", "menus/good.toml")
    assert (status, words) == (0, "")
    assert told.splitlines()[:4] == ["---", 'title: "Good"', "---", "flowchart LR"]


def test_a_menu_is_drawn_as_svg_into_a_file(folder):
    assert run("graph", "menus/good.toml", "--svg", "-o", "good.svg") == (0, "", "good.svg\n")
    assert "Good" in "".join(ElementTree.parse("good.svg").getroot().itertext())


def test_several_menus_are_a_page_of_markdown(folder):
    (folder / "menus" / "more.toml").write_text(GOOD.replace("*701#", "*703#"), encoding="utf-8")
    status, told, _ = run("graph")
    assert status == 0
    assert [line for line in told.splitlines() if line.startswith(("#", "```"))] == [
        *("## good.toml", "```mermaid", "```", "## more.toml", "```mermaid", "```")
    ]


@pytest.mark.parametrize(("form", "suffix"), [("--svg", "svg"), ("--mermaid", "mmd")])
def test_several_menus_are_a_file_each_in_a_folder(folder, form, suffix):
    (folder / "menus" / "more.toml").write_text(GOOD.replace("*701#", "*703#"), encoding="utf-8")
    assert run("graph", form, "-o", "pictures")[0] == 0
    assert sorted(path.name for path in Path("pictures").iterdir()) == [f"good.{suffix}", f"more.{suffix}"]
    assert run("graph", "menus/good.toml", form, "-o", "pictures")[2] == f"pictures/good.{suffix}\n"


def test_several_menus_are_no_single_picture(folder):
    (folder / "menus" / "more.toml").write_text(GOOD.replace("*701#", "*703#"), encoding="utf-8")
    status, told, words = run("graph", "--svg")
    assert (status, told) == (2, "")
    assert words == "2 menus do not fit into one picture: name one of them, or a folder with -o\n"


def test_a_menu_with_mistakes_is_not_drawn(bad):
    status, told, words = run("graph", "menus/bad.toml")
    assert (status, told) == (1, "")
    assert words.startswith("menus/bad.toml:7: ")


# schema


def test_the_schema_goes_to_standard_output_or_a_file(folder):
    assert run("schema") == (0, schema_text(), "")
    assert run("schema", "-o", "menus/menu.schema.json") == (0, "", "menus/menu.schema.json\n")
    assert (folder / "menus" / "menu.schema.json").read_text(encoding="utf-8") == schema_text()


def test_a_file_that_cannot_be_written_is_told(folder):
    status, _, words = run("schema", "-o", "nowhere/menu.schema.json")
    assert (status, words) == (2, "nowhere/menu.schema.json cannot be written: No such file or directory\n")
