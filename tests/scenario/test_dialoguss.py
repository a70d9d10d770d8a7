"""Files of dialoguss become scripts, and the scripts find the application at its URL."""

import tomllib

import pytest
from aiohttp import web

from ussd_gateway.scenario.dialoguss import KEYS, imported
from ussd_gateway.scenario.local import local_driver
from ussd_gateway.scenario.parse import ScriptError, parse
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.report import failure_report

BANK = """\
# A bank.
url: http://127.0.0.1:9000/ussd
dial: "*1234*77#"
phoneNumber: 265888123456
sessions:
  - id: 12345678910
    description: "Mary has 500"
    steps:
      # what is dialled brings the first screen
      - expect: "Your name?"
      - text: "Mary"
        expect: |-
          Hello, {Mary}
          1. Balance

          # Leave
      - userInput: 1
        expect: "You have: MK 500"
  - id: second
    phoneNumber: +265888000002
    steps:
      - componentId: name
      - userInput: no
        componentId: default.hello
      - userInput: "1"
        componentId: money/none
  - id: third
    steps:
      - userInput: Mary*1
        expect: "Your name?"
  - id: fourth
    steps:
      - userInput: 00*1
        expect: "You have: MK 0"
components:
  - namespace: default
    items:
      - {id: name, expect: "Your name?"}
      - id: hello
        expect: "Hello, {no}\\n1. Balance\\n\\n# Leave"
  - namespace: money
    items: [{id: none, expect: "You have: MK 0"}]
"""
SCRIPT = """\
# From bank.yml, a file of dialoguss.
#
# These lines in the gateway's config.toml have it call the application:
#
# [[application]]
# code = "*1234*77#"
# url = "http://127.0.0.1:9000/ussd"
# dialect = "africas_talking"
#
# Its "text" is all answers so far, joined by *; that of dialoguss was the last one alone.
version 1

phone caller is 265888123456
phone caller2 is 265888000002

# session 12345678910
scenario "Mary has 500"
    caller dials *1234*77#
    caller sees exactly "Your name?"
    caller answers "Mary"
    caller sees exactly:
        Hello, {{Mary}
        1. Balance

        # Leave
    caller answers 1
    caller sees exactly "You have: MK 500"

# session second
scenario "session second"
    caller2 dials *1234*77#
    caller2 sees exactly "Your name?"
    caller2 answers "no"
    caller2 sees exactly:
        Hello, {{no}
        1. Balance

        # Leave
    caller2 answers 1
    caller2 sees exactly "You have: MK 0"

# session third
scenario "session third"
    # dialoguss sends "Mary*1" when it dials; a phone dials digits, * and #
    caller dials *1234*77#
    caller sees exactly "Your name?"

# session fourth
scenario "session fourth"
    caller dials *1234*77*00*1#
    caller sees exactly "You have: MK 0"
"""


def bank(form):
    match form["text"].split("*") if form["text"] else []:
        case []:
            return "CON Your name?"
        case [name]:
            return f"CON Hello, {{{name}}}\n1. Balance\n\n# Leave"
        case [name, _]:
            return f"END You have: MK {500 if name == 'Mary' else 0}"


@pytest.fixture
async def bank_url():
    async def answer(request):
        return web.Response(text=bank(await request.post()))

    app = web.Application()
    app.router.add_post("/ussd", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/ussd"
    await runner.cleanup()


@pytest.fixture
def results(bank_url, tmp_path):
    """Imports a text whose URL is the bank's, and plays the script on a gateway with the lines that it asks for."""

    async def results(text):
        done = imported(text.replace("http://127.0.0.1:9000/ussd", bank_url), "bank.yml")
        config = tmp_path / "config.toml"
        config.write_text(done.application)
        async with local_driver(config) as driver:
            return await play(parse(done.script, "bank.ussd"), driver)

    return results


def test_a_file_becomes_a_script():
    done = imported(BANK, "bank.yml")
    assert done.script == SCRIPT
    assert done.notes == ('bank.yml:29: dialoguss sends "Mary*1" when it dials; a phone dials digits, * and #',)


async def test_the_script_passes_where_the_application_says_what_the_file_says(results):
    played = await results(BANK)
    assert "".join(failure_report(result).plain for result in played) == ""
    assert len(played) == 4


async def test_it_fails_readably_where_the_application_says_something_else(results):
    first, *others = await results(BANK.replace("MK 500", "MK 700"))
    assert all(result.passed for result in others)
    assert failure_report(first).plain.startswith(
        "FAILED  bank.ussd:27: Mary has 500\n"
        '    caller sees exactly "You have: MK 700"\n'
        '  expected: a screen exactly "You have: MK 700"\n'
        "  arrived on caller (265888123456), nearest first:\n"
        "    screen (final, success)\n"
        "        You have: MK 500\n"
        "      difference:\n"
        "        You have: MK [-7-]{+5+}00\n"
    )


def test_the_application_may_speak_as_truroute_does():
    done = imported(BANK, "bank.yml", "truroute")
    assert tomllib.loads(done.application) == {
        "application": [{"code": "*1234*77#", "url": "http://127.0.0.1:9000/ussd", "dialect": "truroute"}]
    }
    assert '# dialect = "truroute"\nversion 1' in done.script


HEAD = 'url: http://a\ndial: "*1#"\nphoneNumber: 265888123456\n'
STEPS = f"{HEAD}sessions:\n- steps:\n"


@pytest.mark.parametrize(
    ("text", "note", "line"),
    [
        (f"{HEAD}timeout: 30\n", "x.yml:4: timeout 30: the gateway has network.user_timeout for that", "version 1"),
        (HEAD, "x.yml:1: the file has no steps of sessions", "    caller dials *1#"),
        (f"{HEAD}sessions: [{{id: 7}}]\n", "x.yml:4: session 7 has no steps: it is left out", "    caller dials *1#"),
        (
            f"{STEPS}  - expect: |\n      One\n",
            "x.yml:6: the text ends with a line feed",
            '    caller sees exactly "One\\n"',
        ),
        (f"{STEPS}  - {{}}\n", "x.yml:6: nothing is expected here", "    caller dials *1#"),
        (
            f"{STEPS}  - text: hi\n    expect: a\n",
            'x.yml:6: dialoguss sends "hi" when it dials',
            "    caller dials *1#",
        ),
        (f"{STEPS}  - expect: a\n  timeout: 5\n", "x.yml:7: timeout: dialoguss itself", '    caller sees exactly "a"'),
        (
            'url: http://a\ndial: "*1#"\nphoneNumber: 0777123456\n',
            "x.yml:3: 0777123456 is 70777123456 here",
            "phone caller is 70777123456",
        ),
    ],
)
def test_what_a_script_cannot_say_is_told_there_and_to_the_caller(text, note, line):
    done = imported(text, "x.yml")
    rows = done.script.splitlines()
    assert line in rows
    assert any(told.startswith(note) for told in done.notes)
    assert any(row.strip(" #").startswith(note.partition(": ")[2]) for row in rows)
    parse(done.script, "x.ussd")


def test_a_first_text_that_is_the_code_itself_adds_nothing():
    done = imported(f'{STEPS}  - text: "*1#"\n    expect: a\n', "x.yml")
    assert (done.notes, done.script.count("caller dials *1#\n")) == ((), 1)


def test_titles_differ():
    session = "- {description: Same, id: 1, steps: [{expect: a}]}\n"
    done = imported(f"{HEAD}sessions:\n{session * 3}", "x.yml")
    assert [one.name for one in parse(done.script, "x.ussd").scenarios] == ["Same", "Same (1)", "Same (2)"]


def test_mappings_can_be_merged():
    text = f"{STEPS}  - &first {{expect: a, text: ''}}\n  - <<: *first\n    text: 5\n"
    assert "caller answers 5\n    caller sees exactly " in imported(text, "x.yml").script


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            "dial: *123*1#\n",
            'x.yml:1:7: this is no YAML: .*\n.*\n *\\^\nwhat begins with \\* stands in quotes: "\\*111#"',
        ),
        (f"{STEPS}\t- expect: a\n", "x.yml:6:1: this is no YAML: .*\n.*\n.*\nindent with spaces"),
        (f'{STEPS}  - expect: "a\n\n', "x.yml:8:1: this is no YAML: .*\n.*\n.*\nthe text in quotes begins in line 6"),
        ("url: [x\n", "x.yml:2:1: this is no YAML: expected ',' or"),
        ('a: "\x01"', "x.yml:1:5: this is no YAML: the character 0x0001"),
        ("", "x.yml:1:1: there is nothing in this file"),
        ("a: " + "[" * 5000, "x.yml:1:1: lists and mappings stand too deep in one another"),
        ("5", "x.yml:1:1: this is no file of dialoguss\n.*\n.*\nwrite keys and values: url, dial[^\n]*$"),
        (HEAD.replace("dial", "dail"), 'x.yml:2:1: a file has no key "dail"\n.*\n.*\ndid you mean "dial"'),
        (HEAD.replace("dial:", "#"), 'x.yml:1:1: the key "dial" is missing'),
        (HEAD.replace("*1#", "1"), 'x.yml:2:7: "1" is no code\n.*\n.*\na code looks like'),
        (HEAD.replace("http://", ""), 'x.yml:1:6: "a" is no URL'),
        (HEAD.replace("265888123456", "anna"), "x.yml:3:14: anna is no number of a phone"),
        (HEAD.replace("phone", "# "), "x.yml:1:1: nobody knows who dials"),
        (f"{HEAD}sessions: 5\n", "x.yml:4:11: this is no list"),
        (f"{HEAD}sessions: [5]\n", "x.yml:4:12: this is no session"),
        (f"{HEAD}timeout: [5]\n", "x.yml:4:10: one text belongs here"),
        (f"{HEAD}<<: 5\n", "x.yml:4:5: this is no YAML: expected a mapping"),
        (f"{STEPS}  - expects: a\n", 'x.yml:6:5: a step has no key "expects"\n.*\n.*\ndid you mean "expect"'),
        (f"{STEPS}  - componentId: hm\n", 'x.yml:6:18: there is no component "hm"'),
        (
            f"{STEPS}  - componentId: hm\ncomponents: [{{namespace: default, items: [{{id: home}}]}}]\n",
            'there is no component "hm"\n.*\n.*\ndid you mean "home"',
        ),
    ],
)
def test_mistakes_have_their_place_and_a_way_out(text, mistake):
    with pytest.raises(ScriptError, match=mistake):
        imported(text, "x.yml")


def test_all_mistakes_are_told_at_once():
    with pytest.raises(ScriptError) as raised:
        imported(f"{HEAD}sessions:\n- stepz: []\n- steps: [{{expct: a}}]\n", "x.yml")
    assert [mistake.line for mistake in raised.value.mistakes] == [5, 6]


def test_every_key_is_among_the_examples():
    assert all(f"{key}:" in BANK for keys in KEYS.values() for key in keys if key != "timeout")
