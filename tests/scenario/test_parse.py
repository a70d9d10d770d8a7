"""Scripts as testers write and mistype them; each message as a whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_gateway.scenario import model
from ussd_gateway.scenario.language import SENTENCES
from ussd_gateway.scenario.parse import ScriptError, parse, read

ANNA = "phone anna is 70001000001\n"


def mistakes(text):
    with pytest.raises(ScriptError) as raised:
        parse(text, "password.ussd")
    return str(raised.value)


def told(sentence):
    """The error about one sentence behind the declaration of anna."""
    return mistakes(ANNA + sentence)


def test_a_script_is_scenarios_with_steps_that_know_their_lines():
    script = parse(
        """\
# The whole road.
version 1

phone anna is 70001000001

scenario "A new password"   # by USSD
    anna dials *111*25#     # free
    wait 5

scenario "Nothing"
    wait 1
""",
        "scripts/password.ussd",
    )
    assert script.name == "scripts/password.ussd"
    first, second = script.scenarios
    assert (first.name, first.line, first.phones) == ("A new password", 6, {"anna": "70001000001"})
    assert first.steps == (
        model.Dial(line=7, sentence="anna dials *111*25#", phone="anna", code=model.Text("*111*25#")),
        model.Wait(line=8, sentence="wait 5", time=5.0),
    )
    assert (second.name, second.line) == ("Nothing", 10)


def test_a_file_without_a_scenario_is_one_named_after_the_file():
    (scenario,) = parse(ANNA + "anna hangs up", "scripts/hanging_up.ussd").scenarios
    assert (scenario.name, scenario.line) == ("hanging_up", 2)


def test_an_unknown_word_is_told_with_the_nearest_one():
    text = "# x\nversion 1\n\nphone anna is 70001000001\nanna dails *111*25#\n"
    assert mistakes(text) == (
        """\
password.ussd:5:6: I do not know "dails"
    anna dails *111*25#
         ^^^^^
did you mean "dials"?"""
    )


ERRORS = {
    "anna recieves sms": 'I do not know "recieves"\nanna recieves sms\n     ^^^^^^^^\ndid you mean "receives"?',
    "ana dials *111#": 'there is no phone "ana"\nana dials *111#\n^^^\ndid you mean "anna"?',
    "vera dials *111#": (
        'there is no phone "vera"\nvera dials *111#\n^^^^\nname it above: "phone vera is 70001000001"'
    ),
    "whait 5": 'I do not know "whait"\nwhait 5\n^^^^^\ndid you mean "wait"?',
    '"anna" sees': 'no sentence begins with "anna"\n"anna" sees\n^^^^^^',
    "anna sees": (
        'the sentence is not finished\nanna sees\n         ^\n'
        'here comes a "text" or a /pattern/, "no", "final", "awaiting", "outcome" or "screen"'
    ),
    "anna hangs up now": (
        'the sentence ends before "now"\nanna hangs up now\n              ^^^\n'
        "leave it out: one sentence a line, and a comment begins with # and a space"
    ),
    "anna receives sms form 3339": (
        'I do not know "form"\nanna receives sms form 3339\n                  ^^^^\ndid you mean "from"?'
    ),
    "anna receives sms from": (
        "the sentence is not finished\nanna receives sms from\n                      ^\nhere comes a number such as 3339"
    ),
    "anna receives sms from ana": (
        'there is no phone "ana"\nanna receives sms from ana\n                       ^^^\ndid you mean "anna"?'
    ),
    "anna receives sms from MegaBank": (
        'there is no phone "MegaBank"\nanna receives sms from MegaBank\n                       ^^^^^^^^\n'
        "the name of a sender stands in quotes"
    ),
    "anna receives no sms": 'the sentence is not finished\nanna receives no sms\n                    ^\nhere comes "for"',
    "anna receives sms within 5s within 6s": (
        '"within" cannot stand here\nanna receives sms within 5s within 6s\n                            ^^^^^^\n'
        'here comes a "text" or a /pattern/, "from", "in" or "encoded"'
    ),
    "anna sees exactly /x/": '/x/ cannot stand here\nanna sees exactly /x/\n                  ^^^\nhere comes a "text"',
    'anna sees matching "x"': (
        '"x" cannot stand here\nanna sees matching "x"\n                   ^^^\nhere comes a /pattern/'
    ),
    "anna sees matching /(/": (
        "this is no regular expression: missing ) at position 1\n"
        "anna sees matching /(/\n                   ^^^\n"
        r"a sign that means something in patterns, such as (, is written \(; docs/scripts.md tells more"
    ),
    "anna sees outcome timout": (
        'I do not know the outcome timout\nanna sees outcome timout\n                  ^^^^^^\ndid you mean "timeout"?'
    ),
    "anna dials *1O1#": (
        "'*1O1#' has the letter 'O'; was it meant to be the digit 0?\nanna dials *1O1#\n           ^^^^^\n"
        "a code looks like *111# or *111*25#"
    ),
    "wait a_while": '"a_while" cannot stand here\nwait a_while\n     ^^^^^^^\nhere comes a time such as 5s or "until"',
    "wait 5m": "I do not know the unit m\nwait 5m\n     ^^\nknown: s, min, h, d",
    'anna sees "a { b"': (
        'this { begins no capture\nanna sees "a { b"\n             ^\n'
        "write {name} for what a pattern has captured, {{ for the sign itself"
    ),
    "anna answers {code}": (
        "nothing above has captured {code}\nanna answers {code}\n             ^^^^^^\n"
        "a pattern captures it: matching /(?P<code>...)/"
    ),
    "phone anna is 70001000002": (
        "there is a phone anna already\nphone anna is 70001000002\n      ^^^^\nit is 70001000001"
    ),
    "phone wait is 70001000002": (
        "wait cannot be a name: a sentence begins with it\nphone wait is 70001000002\n      ^^^^\ntake another word"
    ),
    "phone a-b is 70001000002": (
        "a-b is no name\nphone a-b is 70001000002\n      ^^^\na name is one word of letters, digits and _"
    ),
    "phone vera is 7OOO": (
        "7OOO is no number of a phone\nphone vera is 7OOO\n              ^^^^\nwrite its digits, such as 70001000001"
    ),
    "version 1": "the version comes first\nversion 1\n^^^^^^^^^\nmove this line to the top",
    "version 2": "this script is written in version 2 of the language\nversion 2\n        ^\nknown: 1",
    'scenario "Nothing"': (
        'the scenario "Nothing" has no steps\nscenario "Nothing"\n^^^^^^^^^^^^^^^^^^\nsay what somebody does in it'
    ),
    "anna memory is ful": 'I do not know "ful"\nanna memory is ful\n               ^^^\ndid you mean "full"?',
    "anna speaks enn": (
        'I do not know the language enn\nanna speaks enn\n            ^^^\ndid you mean "en"?'
    ),
    "anna receives sms in 0 parts": (
        "there cannot be 0\nanna receives sms in 0 parts\n                     ^\nwrite 1 or more"
    ),
    "anna receives sms encoded usc2": (
        'I do not know the encoding usc2\nanna receives sms encoded usc2\n                          ^^^^\ndid you mean "ucs2"?'
    ),
    "anna sees screen of at most long octets": (
        '"long" cannot stand here\nanna sees screen of at most long octets\n                            ^^^^\n'
        "here comes a number such as 3"
    ),
    "anna sees screen of at most 160 octet": (
        'I do not know "octet"\nanna sees screen of at most 160 octet\n                                ^^^^^\n'
        'did you mean "octets"?'
    ),
    "check {a}": 'the sentence is not finished\ncheck {a}\n         ^\nhere comes "is" or "differs"',
    "tags": "the sentence is not finished\ntags\n    ^\nhere comes a word such as smoke",
    "tags smoke, sl!w": (
        "sl!w is no tag\ntags smoke, sl!w\n            ^^^^\na tag is one word of letters, digits, _ and -"
    ),
    'scenario "a" taged x': 'I do not know "taged"\nscenario "a" taged x\n             ^^^^^\ndid you mean "tagged"?',
    "anna dials *111# #done": (
        'the sentence ends before "#done"\nanna dials *111# #done\n                 ^^^^^\n'
        "leave it out: one sentence a line, and a comment begins with # and a space"
    ),
}  # fmt: skip


@pytest.mark.parametrize("sentence", ERRORS)
def test_a_mistake_is_told_with_its_line_a_caret_and_a_way_out(sentence):
    message, written, caret, *hint = ERRORS[sentence].split("\n")
    column = caret.index("^") + 1
    expected = "\n".join([f"password.ussd:2:{column}: {message}", f"    {written}", f"    {caret}", *hint])
    assert told(sentence) == expected


def test_all_mistakes_of_a_file_are_told_at_once_and_none_because_of_another():
    text = """\
phone anna is 7OOO
anna dails *111#
    anna receives sms form 3339 matching /(?P<code>\\d+)/
anna answers {code}
anna turns of
anna sees "x
"""
    with pytest.raises(ScriptError) as raised:
        parse(text, "many.ussd")
    assert [(mistake.line, mistake.column) for mistake in raised.value.mistakes] == [
        (1, 15),
        (2, 6),
        (3, 23),
        (5, 12),
        (6, 11),
    ]
    assert str(raised.value).count("\n\n") == 4
    assert raised.value.source == "many.ussd"


def test_a_capture_lives_in_its_scenario_only_and_only_below_its_pattern():
    text = (
        ANNA + 'scenario "a"\nanna answers {x}\nanna sees /(?P<x>.)/\nanna answers {x}\nscenario "b"\nanna answers {x}'
    )
    with pytest.raises(ScriptError) as raised:
        parse(text, "f")
    assert [mistake.line for mistake in raised.value.mistakes] == [3, 7]


def test_a_capture_may_be_used_by_a_later_pattern_and_its_nearest_name_is_told():
    parse(ANNA + "anna sees /(?P<x>.)/\nanna sees /{x}(?P<y>.{3})/\nanna answers {y}", "f")
    assert mistakes(ANNA + "anna sees /(?P<sum>.)/\nanna answers {som}").endswith('did you mean "sum"?')


def test_a_pattern_that_must_not_come_captures_nothing():
    assert "nothing above has captured {x}" in told("anna sees no /(?P<x>.)/\nanna answers {x}")
    assert "nothing above has captured {x}" in told("anna receives no sms for 1s /(?P<x>.)/\nanna answers {x}")


def test_an_unknown_capture_in_a_block_is_told_at_its_colon():
    assert told("anna sees exactly:\n    {x}").startswith("password.ussd:2:18: nothing above has captured {x}\n")


def test_two_scenarios_have_two_titles():
    text = ANNA + 'scenario "a"\nwait 1\nscenario "a"\nwait 1'
    assert mistakes(text) == (
        'password.ussd:4:1: there is a scenario with this title already\n    scenario "a"\n    ^^^^^^^^^^^^\nit is in line 2'
    )


def test_a_scenario_has_the_tags_of_its_file_and_its_own_each_once():
    text = 'tags smoke\nscenario "a" tagged slow, smoke\nwait 1\nscenario "b"\nwait 1'
    assert [scenario.tags for scenario in parse(text, "f").scenarios] == [("smoke", "slow"), ("smoke",)]
    assert parse("tags smoke\nwait 1", "f").scenarios[0].tags == ("smoke",)


def test_the_tags_of_a_file_stand_above_its_scenarios():
    assert mistakes('scenario "a"\nwait 1\ntags smoke') == (
        "password.ussd:3:1: this stands above the first scenario, for it is about all of them\n"
        "    tags smoke\n    ^^^^^^^^^^\nmove it above line 1"
    )


def test_a_step_above_the_first_scenario_would_not_be_played():
    assert mistakes('wait 1\nwait 2\nscenario "a"\nwait 3') == (
        'password.ussd:1:1: this step is in no scenario\n    wait 1\n    ^^^^^^\nmove it below line 3, where "a" begins'
    )


@pytest.mark.parametrize("text", ["", "# only words\n", ANNA, "version 1"])
def test_a_file_without_a_step_is_a_mistake(text):
    assert ":1:1: there is nothing to play" in mistakes(text)


def test_a_file_is_read_as_utf_8_with_or_without_a_mark(tmp_path):
    path = tmp_path / "file.ussd"
    path.write_bytes(b"\xef\xbb\xbf" + (ANNA + 'anna sees "Готово"').encode())
    assert read(path).scenarios[0].steps[0].expected.text.source == "Готово"


def test_another_encoding_is_told_with_its_line(tmp_path):
    path = tmp_path / "file.ussd"
    path.write_bytes(ANNA.encode() + 'anna sees "Готово"'.encode("cp1251"))
    with pytest.raises(ScriptError) as raised:
        read(path)
    assert str(raised.value).startswith(f"{path}:2:12: this is no UTF-8\n")
    assert str(raised.value).endswith("save the file as UTF-8")


def test_a_file_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nowhere.ussd")


WORDS = sorted({word.strip("[]()") for row in SENTENCES for word in row.pattern.split()})


WHOLE = [
    *("setup", "teardown", "together", "repeat 2 times", 'scenario "a"', "let x be 1", "phone vera is {x}"),
    *("anna answers {x}", "anna sees /(?P<x>.)/", "vera hangs up", "anna hangs up", "wait 1", "for each row in f"),
]


@settings(deadline=None)  # a machine may be busy
@given(
    st.lists(
        st.builds(
            lambda indent, words: indent + " ".join(words),
            st.sampled_from(["", "", "  ", "    ", "\t"]),
            st.one_of(
                st.lists(st.sampled_from([*WORDS, '"x"', "/x/", "/(/", "{x}", "5s", "*1#", "anna", ":", "1"])),
                st.sampled_from(WHOLE).map(str.split),
            ),
        )
    )
)
def test_any_words_are_a_script_or_a_script_error(rows):
    text = ANNA + "\n".join(rows)
    found = []
    try:
        script = parse(text, "f")
    except ScriptError as error:
        found = [mistake.told("f") for mistake in error.mistakes]
    assert found or script.scenarios
