"""Blocks, variables, tables and used files as testers write and mistype them; each message as a whole."""

import pytest

from ussd_gateway.scenario import model
from ussd_gateway.scenario.model import Text
from ussd_gateway.scenario.parse import ScriptError, parse

PHONES = "phone anna is 70001000001\nphone boris is 70002000001\n"  # two lines; a text begins in the third
FILES = {
    "users.csv": "msisdn,name\n70001000001,Anna\n",
    "bad.csv": "msisdn,name\n70001000001,Anna\n7OO,Boris\n",
    "ragged.csv": "a,b\n1\n",
    "header.csv": "a b,c\n1,2\n",
    "empty.csv": "",
    "other.ussd": "phone anna is 70001000002\n",
    "wrong.ussd": "phone vera is 70001000002\nvera dails 1\n",
    "circle.ussd": "use round.ussd\n",
    "round.ussd": "use circle.ussd\nphone vera is 70001000002\n",
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with other files in which the scripts stand."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shared").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def script(text):
    return parse(PHONES + text, "script.ussd")


def told(text):
    with pytest.raises(ScriptError) as raised:
        script(text)
    return str(raised.value)


MISTAKES = {
    "repaet 3 times\n    anna dials *100#": (
        'script.ussd:3:1: I do not know "repaet"\n    repaet 3 times\n    ^^^^^^\ndid you mean "repeat"?'
    ),
    "repeat 3 time\n    anna dials *100#": (
        'script.ussd:3:10: I do not know "time"\n    repeat 3 time\n             ^^^^\ndid you mean "times"?'
    ),
    "repeat three times\n    anna dials *100#": (
        'script.ussd:3:8: "three" cannot stand here\n'
        "    repeat three times\n"
        "           ^^^^^\n"
        "here comes a number such as 3"
    ),
    "repeat 0 times\n    anna dials *100#": (
        "script.ussd:3:8: there cannot be 0\n    repeat 0 times\n           ^\nwrite 1 or more"
    ),
    "repeat 3 times:\n    anna dials *100#": (
        "script.ussd:3:15: no colon stands behind this sentence\n    repeat 3 times:\n                  ^\nleave it out"
    ),
    "setup:\n    anna dials *100#\nanna dials *100#": (
        "script.ussd:3:6: no colon stands behind this sentence\n    setup:\n         ^\nleave it out"
    ),
    "repeat 3 times\nanna dials *100#": (
        "script.ussd:3:1: this block has no steps\n"
        "    repeat 3 times\n"
        "    ^^^^^^^^^^^^^^\n"
        "indent its steps deeper than this line"
    ),
    "repeat 3 times": (
        "script.ussd:3:1: this block has no steps\n"
        "    repeat 3 times\n"
        "    ^^^^^^^^^^^^^^\n"
        "indent its steps deeper than this line"
    ),
    "repeat 3 times\n    anna dials *100#\nend": (
        "script.ussd:5:1: nothing is written where a block ends, no end\n"
        "    end\n"
        "    ^^^\n"
        "a block ends where a line stands no deeper than its first one"
    ),
    "repeat 3 times\n    anna dials *100#\n      anna hangs up\n  anna hangs up\nanna hangs up": (
        "script.ussd:5:7: this stands deeper than the first step of the block in line 3\n"
        "    anna hangs up\n"
        "    ^^^^^^^^^^^^^\n"
        "indent it by 4 columns, as that\n"
        "\n"
        "script.ussd:6:3: this stands less deep than the first step of the block in line 3\n"
        "    anna hangs up\n"
        "    ^^^^^^^^^^^^^\n"
        "indent it by 4 columns, as that"
    ),
    "repeat 3 times\n    anna dials *100#\n\tanna hangs up": (
        "script.ussd:5:2: this stands deeper than the first step of the block in line 3\n"
        "    anna hangs up\n"
        "    ^^^^^^^^^^^^^\n"
        "indent it by 4 columns, as that, and by spaces or by tabs only"
    ),
    "repeat 3 times\n    ana dials *100#": (
        'script.ussd:4:5: there is no phone "ana"\n    ana dials *100#\n    ^^^\ndid you mean "anna"?'
    ),
    "setpu\n    anna dials *100#\nanna hangs up": (
        'script.ussd:3:1: I do not know "setpu"\n    setpu\n    ^^^^^\ndid you mean "setup"?'
    ),
    'setup\n    scenario "x"\n    anna hangs up': (
        "script.ussd:4:5: a scenario cannot stand in a block\n"
        '    scenario "x"\n'
        "    ^^^^^^^^^^^^\n"
        "indent it no deeper than line 3, where the block begins"
    ),
    'scenario "x"\n    anna hangs up\nsetup\n    anna dials *100#': (
        "script.ussd:5:1: this stands above the first scenario, for it is about all of them\n"
        "    setup\n"
        "    ^^^^^\n"
        "move it above line 3"
    ),
    "anna hangs up\nsetup\n    anna dials *100#": (
        "script.ussd:4:1: this stands above the first step, for it is about all of them\n"
        "    setup\n"
        "    ^^^^^\n"
        "move it above line 3"
    ),
    "setup\n    anna hangs up\nsetup\n    anna dials *100#\nanna hangs up": (
        "script.ussd:5:1: there is a setup already\n    setup\n    ^^^^^\nwrite one with all steps"
    ),
    "repeat 2 times\n    use other.ussd": (
        "script.ussd:4:5: this cannot stand in a block\n"
        "    use other.ussd\n"
        "    ^^^^^^^^^^^^^^\n"
        "indent it no deeper than line 3, where the block begins"
    ),
    "repeat 2 times\n    setup": (
        "script.ussd:4:5: this cannot stand in a block\n"
        "    setup\n"
        "    ^^^^^\n"
        "indent it no deeper than line 3, where the block begins"
    ),
    "together\n    anna dials *100#\n    wait 5s\n    boris hangs up": (
        "script.ussd:5:5: what stands in together is about one phone, ESME, browser or application\n"
        "    wait 5s\n"
        "    ^^^^^^^\n"
        "move this above or below the block"
    ),
    "together\n    anna sees /(?P<key>.)/\n    boris answers {key}": (
        "script.ussd:5:5: {key} is captured by anna at the same time, in line 4\n"
        "    boris answers {key}\n"
        "    ^^^^^^^^^^^^^^^^^^^\n"
        "move this below the block"
    ),
    "together\n    boris answers {key}\n    anna sees /(?P<key>.)/": (
        "script.ussd:4:19: nothing above has captured {key}\n"
        "    boris answers {key}\n"
        "                  ^^^^^\n"
        "a pattern captures it: matching /(?P<key>...)/"
    ),
    "together\n    boris sees /(?P<key>.)/\n    anna sees /(?P<key>.)/": (
        "script.ussd:5:5: line 4 captures {key} at the same time\n"
        "    anna sees /(?P<key>.)/\n"
        "    ^^^^^^^^^^^^^^^^^^^^^^\n"
        "rename one"
    ),
    "together\n    repeat 2 times\n        anna hangs up\n        boris hangs up": (
        "script.ussd:4:5: what stands in together is about one phone, ESME, browser or application\n"
        "    repeat 2 times\n"
        "    ^^^^^^^^^^^^^^\n"
        "move this above or below the block"
    ),
    "let sum bee 5\nanna answers {sum}": (
        'script.ussd:3:9: I do not know "bee"\n    let sum bee 5\n            ^^^\ndid you mean "be"?'
    ),
    "let {sum} be 5\nanna answers {sum}": (
        "script.ussd:3:5: {sum} is no name\n"
        "    let {sum} be 5\n"
        "        ^^^^^\n"
        "write sum here, and {sum} where its value is to stand"
    ),
    "let sum be 5\nlet sum be 6\nanna hangs up": (
        "script.ussd:4:1: {sum} has a value already\n"
        "    let sum be 6\n"
        "    ^^^^^^^^^^^^\n"
        "a scenario may give it another one for itself"
    ),
    "let sum be {som}\nanna hangs up": (
        "script.ussd:3:12: nothing above has captured {som}\n"
        "    let sum be {som}\n"
        "               ^^^^^\n"
        "a pattern captures it: matching /(?P<som>...)/"
    ),
    "let sum be 5\nanna answers {som}": (
        "script.ussd:4:14: nothing above has captured {som}\n"
        "    anna answers {som}\n"
        "                 ^^^^^\n"
        'did you mean "sum"?'
    ),
    "setup\n    anna sees /(?P<x>.)/\nlet y be {x}\nanna hangs up": (
        "script.ussd:5:1: {x} has its value only once the setup is played\n"
        "    let y be {x}\n"
        "    ^^^^^^^^^^^^\n"
        "move this line into the setup"
    ),
    'let number be ""\nphone vera is {number}\nvera hangs up': (
        "script.ussd:4:15: nothing is no number of a phone\n"
        "    phone vera is {number}\n"
        "                  ^^^^^^^^\n"
        "write its digits, such as 70001000001"
    ),
    "let number be 7OOO\nphone vera is {number}\nvera hangs up": (
        "script.ussd:4:15: 7OOO is no number of a phone\n"
        "    phone vera is {number}\n"
        "                  ^^^^^^^^\n"
        "write its digits, such as 70001000001"
    ),
    "for each row in usres.csv\n    phone user is {msisdn}\n    user dials *100#": (
        'script.ussd:3:17: there is no file "usres.csv"\n'
        "    for each row in usres.csv\n"
        "                    ^^^^^^^^^\n"
        'did you mean "users.csv"?'
    ),
    "for each row in nowhere/at.all\n    phone user is {msisdn}\n    user dials *100#": (
        'script.ussd:3:17: there is no file "nowhere/at.all"\n'
        "    for each row in nowhere/at.all\n"
        "                    ^^^^^^^^^^^^^^\n"
        "looked for nowhere/at.all"
    ),
    "for each raw in users.csv\n    phone user is {msisdn}\n    user dials *100#": (
        'script.ussd:3:10: I do not know "raw"\n    for each raw in users.csv\n             ^^^\ndid you mean "row"?'
    ),
    "for each row in users.csv\n    phone user is {msidn}\n    user dials *100#": (
        "script.ussd:4:19: nothing above has captured {msidn}\n"
        "    phone user is {msidn}\n"
        "                  ^^^^^^^\n"
        'did you mean "msisdn"?'
    ),
    "for each row in users.csv\n    phone user is {msisdn}\n    user dials *100#\nuser hangs up\nanna answers {name}": (
        'script.ussd:6:1: there is no phone "user"\n'
        "    user hangs up\n"
        "    ^^^^\n"
        'name it above: "phone user is 70001000001"\n'
        "\n"
        "script.ussd:7:14: nothing above has captured {name}\n"
        "    anna answers {name}\n"
        "                 ^^^^^^\n"
        "a pattern captures it: matching /(?P<name>...)/"
    ),
    "for each row in bad.csv\n    phone user is {msisdn}\n    user dials *100#": (
        "bad.csv:3:1: 7OO is no number of a phone\n    7OO,Boris\n    ^^^^^^^^^\nwrite its digits, such as 70001000001"
    ),
    "for each row in ragged.csv\n    anna answers {a}": (
        "ragged.csv:2:1: this row has 1 value, and the header 2\n    1\n    ^\nthe header is a,b"
    ),
    "for each row in empty.csv\n    anna answers {b}": (
        "empty.csv:1:1: this table is empty\n"
        "    \n"
        "    ^\n"
        "the first row names the columns, each with one word of letters, digits and _"
    ),
    "for each row in shared\n    anna answers {b}": (
        'script.ussd:3:17: "shared" cannot be read: Is a directory\n'
        "    for each row in shared\n"
        "                    ^^^^^^\n"
        "looked for shared"
    ),
    "for each row in users.csv\n    together\n        phone user is {msisdn}\n        user hangs up": (
        "script.ussd:5:9: what stands in together is about one phone, ESME, browser or application\n"
        "    phone user is {msisdn}\n"
        "    ^^^^^^^^^^^^^^^^^^^^^^\n"
        "move this above or below the block"
    ),
    "use othr.ussd\nvera hangs up\nwait {x}": (
        'script.ussd:3:5: there is no file "othr.ussd"\n'
        "    use othr.ussd\n"
        "        ^^^^^^^^^\n"
        'did you mean "other.ussd"?\n'
        "\n"
        'script.ussd:5:6: "{x}" cannot stand here\n'
        "    wait {x}\n"
        "         ^^^\n"
        'here comes a time such as 5s or "until"'
    ),
    "use circle.ussd\nanna hangs up": (
        "round.ussd:1:5: this is a circle: circle.ussd uses round.ussd uses circle.ussd\n"
        "    use circle.ussd\n"
        "        ^^^^^^^^^^^\n"
        "move what both need into a third file"
    ),
    "use script.ussd\nanna hangs up": (
        "script.ussd:3:5: this is a circle: script.ussd uses script.ussd\n"
        "    use script.ussd\n"
        "        ^^^^^^^^^^^\n"
        "move what both need into a third file"
    ),
    "use other.ussd\nanna hangs up": (
        "script.ussd:3:5: other.ussd has a phone anna, and there is another one here\n"
        "    use other.ussd\n"
        "        ^^^^^^^^^^\n"
        "give one of them another name"
    ),
    "use wrong.ussd\nvera hangs up": (
        'wrong.ussd:2:6: I do not know "dails"\n    vera dails 1\n         ^^^^^\ndid you mean "dials"?'
    ),
    "phone vera is {number}\nvera hangs up": (
        "script.ussd:3:15: nothing above has captured {number}\n"
        "    phone vera is {number}\n"
        "                  ^^^^^^^^\n"
        "a pattern captures it: matching /(?P<number>...)/"
    ),
    'scenario "a"\n    repeat 2 times\n        scenario "b"\n        anna hangs up': (
        "script.ussd:5:9: a scenario cannot stand in a block\n"
        '    scenario "b"\n'
        "    ^^^^^^^^^^^^\n"
        "indent it no deeper than line 4, where the block begins"
    ),
    'teardown\n    anna answers {x}\nscenario "a"\n    anna sees /(?P<x>.)/': (
        "script.ussd:4:18: nothing above has captured {x}\n"
        "    anna answers {x}\n"
        "                 ^^^\n"
        "a pattern captures it: matching /(?P<x>...)/"
    ),
    "setup\n    anna dials *100#": (
        "script.ussd:1:1: there is nothing to play\n"
        "    phone anna is 70001000001\n"
        "    ^\n"
        "a file that others use stands in a folder of its own"
    ),
    "use": (
        "script.ussd:3:4: the sentence is not finished\n    use\n       ^\nhere comes a file such as shared/phones.ussd"
    ),
    "use round.ussd wait": (
        'script.ussd:3:16: the sentence ends before "wait"\n    use round.ussd wait\n                   ^^^^\n'
        "leave it out: one sentence a line, and a comment begins with # and a space"
    ),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_with_its_file_its_line_a_caret_and_a_way_out(text):
    assert told(text) == MISTAKES[text]


def test_a_column_that_has_no_good_name_is_told_in_its_file():
    assert told("for each row in header.csv\n    anna answers {c}") == (
        "header.csv:1:1: a b is no name\n    a b,c\n    ^^^\n"
        "the first row names the columns, each with one word of letters, digits and _"
    )


def test_another_encoding_is_told_with_the_name_of_the_file(folder):
    (folder / "cp.csv").write_bytes("имя\nАнна\n".encode("cp1251"))
    assert told("for each row in cp.csv\n    anna hangs up").startswith("cp.csv:1:1: this is no UTF-8\n")


def test_a_block_ends_where_a_line_stands_no_deeper_and_blocks_stand_in_blocks():
    (scenario,) = script(
        """\
repeat 2 times
  anna dials *100#

  together
       anna hangs up
       boris hangs up
  # a word
  anna hangs up
boris hangs up
"""
    ).scenarios
    repeat, last = scenario.steps
    assert (type(repeat), repeat.line, repeat.count, type(last)) == (model.Repeat, 3, 2, model.HangUp)
    assert [type(step) for step in repeat.steps] == [model.Dial, model.Together, model.HangUp]
    assert [(step.phone, step.line) for step in repeat.steps[1].steps] == [("anna", 7), ("boris", 8)]


def test_the_steps_of_a_scenario_stand_at_any_depth_as_ever():
    (scenario,) = script('    scenario "a"\nanna dials *100#\n        anna hangs up\n  anna hangs up').scenarios
    assert [step.line for step in scenario.steps] == [4, 5, 6]


def test_a_scenario_knows_its_setup_its_teardown_and_the_variables_of_its_file():
    (scenario,) = script(
        'let a be 1\nlet b be "{a}{a}"\nsetup\n    wait 1\nteardown\n    wait 2\nscenario "x"\n    let a be {b}'
    ).scenarios
    assert scenario.variables == {"a": "1", "b": "11"}
    assert ([step.time for step in scenario.setup], [step.time for step in scenario.teardown]) == ([1.0], [2.0])
    assert scenario.steps == (model.Let(line=10, sentence="let a be {b}", variable="a", text=Text("{b}")),)


def test_what_a_setup_captures_a_scenario_and_a_teardown_may_speak_of():
    script(
        """\
setup
    anna sees /(?P<number>\\d+)/
    phone vera is {number}
teardown
    vera hangs up
    anna answers {number}
scenario "a"
    vera answers {number}
    anna sends sms x to vera
"""
    )


def test_a_row_gives_its_values_to_its_block_only_and_the_name_of_a_phone_is_free_behind_it():
    (scenario,) = script(
        "for each row in users.csv\n    phone user is {msisdn}\n    user hangs up\n"
        "for each row in users.csv\n    phone user is {msisdn}\n    boris sends sms {name} to user"
    ).scenarios
    first, second = scenario.steps
    assert first.rows == (model.Row(2, {"msisdn": "70001000001", "name": "Anna"}),)
    assert second.steps[1].number == Text("{_number_of_user}")
    assert scenario.phones == {"anna": "70001000001", "boris": "70002000001"}


def test_a_file_that_two_others_use_is_used_once(folder):
    (folder / "base.ussd").write_text("let a be 1\nsetup\n    wait 1\nteardown\n    wait 1\n")
    for name, seconds in (("one", 2), ("two", 3)):
        text = (
            f'use base.ussd\nsetup\n    wait {seconds}\nteardown\n    wait {seconds}\nscenario "not played"\n    wait 9'
        )
        (folder / "shared" / f"{name}.ussd").write_text(text.replace("base", "../base"))
    (scenario,) = script('use shared/one.ussd\nuse shared/two.ussd\nscenario "a"\n    anna answers {a}').scenarios
    assert [(step.file, step.time) for step in scenario.setup] == [
        ("base.ussd", 1),
        ("shared/one.ussd", 2),
        ("shared/two.ussd", 3),
    ]
    assert [step.time for step in scenario.teardown] == [3, 2, 1]


def test_what_a_missing_file_would_have_brought_is_not_told_missing():
    assert told("use nowhere.ussd\nvera answers {code}\nvera sends sms x to otto\nana dials *100#").count("\n\n") == 0
