"""Mistakes that people make: each is told with file, line, caret and the way out, by `play` and by `script check`."""

import pytest
from click.testing import CliRunner

from ussd_gateway.scenario.command import play_command
from ussd_gateway.scenario.parse import LONGEST
from ussd_gateway.scenario.script_command import script_command

NAMES = """\
phone anna is 70001000001
phone boris is 70002000001
esme shop is test
browser web
application fruit at *384*77#
"""

MISTAKES = {
    # The script below NAMES, with the place that the caret shows in «»: what is wrong, and the way out.
    "anna «dails» *100#": ('I do not know "dails"', 'did you mean "dials"?'),
    "anna «recieves» sms from 3339": ('I do not know "recieves"', 'did you mean "receives"?'),
    "web «get» /cabinet": ('I do not know "get"', 'did you mean "gets"?'),
    'fruit «wil» answer "x"': ('I do not know "wil"', 'did you mean "will"?'),
    "anna sees «finale» screen": ('I do not know "finale"', 'did you mean "final"?'),
    "anna receives sms «form» 3339": ('I do not know "form"', 'did you mean "from"?'),
    "«wiat» 5s": ('I do not know "wiat"', 'did you mean "wait"?'),
    '«scenaro» "x"\n    anna dials *100#': ('I do not know "scenaro"', 'did you mean "scenario"?'),
    "«ana» dials *100#": ('there is no phone "ana"', 'did you mean "anna"?'),
    "«shp» binds": ('there is no esme "shp"', 'did you mean "shop"?'),
    "«wbe» gets /cabinet": ('there is no browser "wbe"', 'did you mean "web"?'),
    "«carla» dials *100#": ('there is no phone "carla"', 'name it above: "phone carla is 70001000001"'),
    "shop «dials» *100#": (
        'shop is an esme: "dials" is what a phone does',
        "shop binds, submits, gets, receives or unbinds",
    ),
    "anna «binds»": (
        'anna is a phone: "binds" is what an esme does',
        "anna dials, answers, sees, hangs, receives, sends, turns, memory or speaks",
    ),
    "anna sees «/Баланс»": ("the pattern that begins here does not end", "write a / behind it"),
    'anna sees «"Баланс»': ("the text that begins here does not end", 'write a " behind it'),
    "anna sees «“»Баланс”": ("I do not know the quotation mark “", 'write " instead'),
    "anna sends sms «'»Где ты?' to boris": ("I do not know the quotation mark '", 'write " instead'),
    "anna answers «‘»да’": ("I do not know the quotation mark ‘", 'write " instead'),
    "«//» what comes": ("no sentence begins with //", "a comment begins with # and a space"),
    "«--» what comes": ("no sentence begins with --", "a comment begins with # and a space"),
    "anna sees «/(Баланс/»": (
        "this is no regular expression: missing ) at position 7",
        "a sign that means something in patterns, such as (, is written \\(; docs/scripts.md tells more",
    ),
    "use «shard/phones.ussd»": ('there is no file "shard/phones.ussd"', 'did you mean "shared/phones.ussd"?'),
    "for each row in «user.csv»\n    anna dials *100#": ('there is no file "user.csv"', 'did you mean "users.csv"?'),
    "use «nix.ussd»": ('there is no file "nix.ussd"', "looked for nix.ussd"),  # mistake.ussd only ends like it
    "anna dials «*1a0#»": ("'*1a0#' has the letter 'a'", "a code looks like *111# or *111*25#"),
    "wait 5 «parsecs»": ('the sentence ends before "parsecs"', "a time is written 5s, 3min, 2h or 30d"),
    "wait «for» 5s": ('"for" cannot stand here', 'here comes a time such as 5s or "until"'),
    "wait «soon»": ('"soon" cannot stand here', 'here comes a time such as 5s or "until"'),
    "wait until «2018-13-03» 11:00": (
        "2018-13-03 11:00 is no moment",
        "it looks like 2018-05-03 11:00, or 2018-05-03 11:00 +03:00",
    ),
    'shop submits "x" to anna answered «ESME_RTHROTLED»': (
        "I do not know the command_status ESME_RTHROTLED",
        'did you mean "ESME_RTHROTTLED"?',
    ),
    "anna sees outcome «timout»": ("I do not know the outcome timout", 'did you mean "timeout"?'),
    "shop gets receipt «DELIVERED»": ("I do not know the stat DELIVERED", 'did you mean "DELIVRD"?'),
    "anna receives sms encoded «ucs»": ("I do not know the encoding ucs", 'did you mean "ucs2"?'),
    "anna speaks «russian»": ("I do not know the language russian", "known: ru, en, latin"),
    "web sees status «two»": ("two is no status", "a status is a number such as 200 or 404"),
    "web gets «cabinet»": (
        "cabinet is no address",
        "write a path of the gateway such as /cabinet, or http://127.0.0.1:9000/path",
    ),
    'web posts /x json «"{]"»': (
        "this is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        'it looks like {"dial": "*100#"}',
    ),
    "version «2»": ("this script is written in version 2 of the language", "known: 1"),
    "tags «smoke!»": ("smoke! is no tag", "a tag is one word of letters, digits, _ and -"),
    'scenario "x" «taged» smoke\n    anna dials *100#': ('I do not know "taged"', 'did you mean "tagged"?'),
    "scenario «A» balance\n    anna dials *100#": ('"A" cannot stand here', 'here comes a "title"'),
    'scenario "x"\n    anna dials *100#\n«setup»\n    anna hangs up': (
        "this stands above the first scenario, for it is about all of them",
        "move it above line 6",
    ),
    '«anna dials *100#»\nscenario "x"\n    anna hangs up': (
        "this step is in no scenario",
        'move it below line 7, where "x" begins',
    ),
    "«repeat 3 times»\nanna dials *100#": ("this block has no steps", "indent its steps deeper than this line"),
    "anna sees exactly«:»\nanna dials *100#": (
        "no text follows the colon",
        "indent the lines of the text deeper than this one",
    ),
    '«scenario "x"»\nscenario "y"\n    anna dials *100#': (
        'the scenario "x" has no steps',
        "say what somebody does in it",
    ),
    'anna sends sms "«{»x" to boris': (
        "this { begins no capture",
        "write {name} for what a pattern has captured, {{ for the sign itself",
    ),
    "anna dials *100#\nanna sees /(?P<balance>\\d+)/\nanna answers «{balans}»": (
        "nothing above has captured {balans}",
        'did you mean "balance"?',
    ),
    "anna answers «{key}»": ("nothing above has captured {key}", "a pattern captures it: matching /(?P<key>...)/"),
    'scenario "x"\n    anna hangs up\n«scenario "x"»\n    anna hangs up': (
        "there is a scenario with this title already",
        "it is in line 6",
    ),
    "for each row in users.csv\n    phone u is «{msisnd}»": (
        "nothing above has captured {msisnd}",
        'did you mean "msisdn"?',
    ),
    "«{anna}» dials *100#": ('there is no phone "{anna}"', 'did you mean "anna"?'),
    "phone «{vera}» is 70003000001": ("{vera} is no name", "write vera here, and {vera} where its value is to stand"),
    "repeat 2 times\n        anna dials *100#\n\tanna hangs up\n    «anna hangs up»": (
        "this stands less deep than the first step of the block in line 6",
        "indent it by 8 columns, as that",
    ),
    "repeat 2 times\n    anna dials *100#\n      «anna hangs up»": (
        "this stands deeper than the first step of the block in line 6",
        "indent it by 4 columns, as that",
    ),
    "repeat 2 times\n    anna dials *100#\n«end»": (
        "nothing is written where a block ends, no end",
        "a block ends where a line stands no deeper than its first one",
    ),
    "anna dials«»": ("the sentence is not finished", "here comes a code such as *111#"),
    "anna«»": (
        "the sentence is not finished",
        'here comes "dials", "answers", "sees", "hangs", "receives", "sends", "turns", "memory" or "speaks"',
    ),
    "anna hangs up «now»": (
        'the sentence ends before "now"',
        "leave it out: one sentence a line, and a comment begins with # and a space",
    ),
    "repeat «three» times\n    anna dials *100#": ('"three" cannot stand here', "here comes a number such as 3"),
    "fault «throtle» 1": ("I do not know the effect throtle", 'did you mean "throttle"?'),
    "fault slow 3s «acount» test": ("a fault has no key acount", 'did you mean "account"?'),
    "phone «wait» is 70003000001": ("wait cannot be a name: a sentence begins with it", "take another word"),
    "phone «anna» is 70003000001": ("there is a phone anna already", "it is 70001000001"),
    "together\n    «wait 5s»\n    anna dials *100#": (
        "what stands in together is about one phone, ESME, browser or application",
        "move this above or below the block",
    ),
    'shop submits part 4 of «3» "x" to anna': (
        "there is no part 4 of 3",
        "a long message has up to 255 parts, counted from 1",
    ),
    'anna sees "«\\d»"': ("I do not know \\d", 'known in a text: \\n, \\r, \\t, \\", \\\\'),
    'anna «sees"x"»': ('I do not know "sees"x""', 'did you mean "sees"?'),
    'anna sees "x"«y»': ("a space is missing behind the text", "write one"),
    "anna sends sms Hello «there» to boris": ('I do not know "there"', "a text of several words stands in quotes"),
    "anna sees «Баланс»": (
        '"Баланс" cannot stand here',
        'here comes a "text" or a /pattern/, "no", "final", "awaiting", "outcome" or "screen"',
    ),
    "shop binds as «tranceiver»": ("I do not know the mode tranceiver", 'did you mean "transceiver"?'),
    "application kiosk at *1# speaking «africas_taling»": (
        "I do not know the dialect africas_taling",
        'did you mean "africas_talking"?',
    ),
    "anna «waits» 5s": ('I do not know "waits"', 'did you mean "wait", without anna?'),
    "anna dials *100# «//» comment": (
        "the sentence ends before //",
        "leave it out: one sentence a line, and a comment begins with # and a space",
    ),
    "anna dials «*100#;»": (
        "'*100#;' has ';' in it; one number or code at a time",
        "a code looks like *111# or *111*25#",
    ),
    "«Anna» dials *100#": ('there is no phone "Anna"', 'did you mean "anna"?'),
    "«WAIT» 5s": ('I do not know "WAIT"', 'did you mean "wait"?'),
    "«then» anna dials *100#": ('I do not know "then"', "leave it out: the sentence begins with anna"),
    'anna dials *100# «and» sees "x"': (
        'the sentence ends before "and"',
        "leave it out: one sentence a line, and a comment begins with # and a space",
    ),
    'anna sees «exact» "x"': ('I do not know "exact"', 'did you mean "exactly"?'),
    "anna receives sms «matches» /x/": ('I do not know "matches"', 'did you mean "matching"?'),
    "esme bank is test with password«»": ("the sentence is not finished", 'here comes a "password"'),
    "esme «shop» is other": ("there is an esme shop already", "it is test"),
    "use «mistake.ussd»": ("this is a circle: mistake.ussd uses mistake.ussd", "move what both need into a third file"),
}


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What the commands say about a script, which lies beside others, once their exit status is 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users.csv").write_text("msisdn,balance\n70001000001,150.00\n")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "phones.ussd").write_text("phone vera is 70003000001\n")

    def told(octets):
        (tmp_path / "mistake.ussd").write_bytes(octets)
        played = CliRunner().invoke(play_command, ["mistake.ussd"], catch_exceptions=False)
        checked = CliRunner().invoke(script_command, ["check", "mistake.ussd"], catch_exceptions=False)
        assert [(done.exit_code, done.stdout) for done in (played, checked)] == [(2, ""), (2, "")]
        assert played.stderr == checked.stderr
        return played.stderr

    return told


def test_there_are_enough_of_them():
    assert len(MISTAKES) >= 40


@pytest.mark.parametrize("marked", MISTAKES)
def test_a_mistake_shows_its_place_and_the_way_out(told, marked):
    before, _, behind = (NAMES + marked).partition("«")
    wrong, _, rest = behind.partition("»")
    message, hint = MISTAKES[marked]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    written = before.rpartition("\n")[2] + wrong + rest.partition("\n")[0]
    indent = len(written) - len(written.lstrip())
    assert told((before + wrong + rest).encode()) == (
        f"mistake.ussd:{line}:{column}: {message}\n"
        f"    {written.strip()}\n"
        f"    {' ' * (column - 1 - indent)}{'^' * max(1, len(wrong))}\n"
        f"{hint}\n"
    )
    assert hint


FILES = {
    "not UTF-8": (
        NAMES.encode() + 'anna sees "Баланс"\n'.encode("cp1251"),
        'mistake.ussd:6:12: this is no UTF-8\n    anna sees "������"\n               ^\nsave the file as UTF-8\n',
    ),
    "empty": (
        b"",
        "mistake.ussd:1:1: there is nothing to play\n    \n    ^\nwrite what somebody does, such as: anna dials *100#\n",
    ),
    "names only": (
        b"# Nobody does anything.\nphone anna is 70001000001\n",
        "mistake.ussd:1:1: there is nothing to play\n    # Nobody does anything.\n    ^\n"
        "write what somebody does, such as: anna dials *100#\n",
    ),
    "JSON": (
        b'{"version": "1",\n "phones": {"anna": "70001000001"}}\n',
        'mistake.ussd:1:1: this is JSON\n    {"version": "1",\n    ^\n`ussd-gateway script from-json` makes a script of it\n',
    ),
    "YAML of dialoguss": (
        b"# mine\nurl: http://127.0.0.1/\ndial: '*123#'\n",
        "mistake.ussd:1:1: this is a file of dialoguss\n    # mine\n    ^\n"
        "`ussd-gateway import-dialoguss` makes a script of it\n",
    ),
    "too long": (
        b"# a comment\n" * LONGEST,
        "mistake.ussd:1:1: this file has 12,582,912 octets; there can be 1,048,576\n    \n    ^\nmake several of it\n",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_script_is_told(told, name):
    octets, expected = FILES[name]
    assert told(octets) == expected


def test_what_is_no_name_is_not_offered_as_one(told):
    assert "begins with !" not in told(b"browser !\nwbe ! \n")


def test_all_mistakes_of_a_file_are_told_at_once(told):
    text = "phone anna is 70001000001\nanna dails *100#\nanna sees finale screen\nwiat 5s\n"
    assert [line for line in told(text.encode()).splitlines() if "mistake.ussd" in line] == [
        'mistake.ussd:2:6: I do not know "dails"',
        'mistake.ussd:3:11: I do not know "finale"',
        'mistake.ussd:4:1: I do not know "wiat"',
    ]
