"""The canonical form of scripts."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.scenario import model
from ussd_gateway.scenario.formatting import formatted
from ussd_gateway.scenario.parse import parse

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs" / "scripts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```ussd\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SCRIPTS = sorted((HOUSE / "scripts").glob("*.ussd"))

UNTIDY = """\


# About Anna.
phone   anna is 70001000001
\tsetup
\t  anna   turns on # always
\t  # and nothing else
scenario  "One"
 anna dials *100#   #  the balance
 anna sees exactly:
       Ваш баланс:
         150.00 р.

       # this is text

 # this is a comment
 repeat 2 times
\tanna dials "*111#"
\t# the last one of the block
anna sees "a\ttab"
# about the second

phone boris is 70002000001
scenario "Two"
boris sees /a\\/b \\d{3}/

# the end

"""

TIDY = """\
# About Anna.
phone anna is 70001000001
setup
    anna turns on  # always
    # and nothing else
scenario "One"
    anna dials *100#  #  the balance
    anna sees exactly:
        Ваш баланс:
          150.00 р.

        # this is text

    # this is a comment
    repeat 2 times
        anna dials "*111#"
        # the last one of the block
    anna sees "a\\ttab"
# about the second

phone boris is 70002000001
scenario "Two"
    boris sees /a\\/b \\d{3}/

# the end
"""


def bare(step):
    """A step without its place in the file."""
    step = replace(step, line=0, sentence="")
    return replace(step, steps=tuple(map(bare, step.steps))) if isinstance(step, model.Block) else step


def meaning(text):
    """What a script says, without the places of it."""
    told = []
    for scenario in parse(text, "x.ussd").scenarios:
        values = {field.name: getattr(scenario, field.name) for field in fields(scenario)} | {"line": 0}
        for name in ("steps", "setup", "teardown"):
            values[name] = [bare(step) for step in values[name]]
        told.append(values)
    return told


def test_indentation_spaces_and_quotes_are_canonical_and_comments_stay():
    assert formatted(UNTIDY) == TIDY
    assert formatted(TIDY) == TIDY
    assert meaning(TIDY) == meaning(UNTIDY)


def test_a_script_of_one_scenario_stands_at_the_edge():
    assert formatted("phone anna is 70001000001\r\n\tanna hangs up\r\n") == "phone anna is 70001000001\nanna hangs up\n"


def test_a_comma_stands_at_the_value_in_front_of_it():
    row = 'web posts /x with "a" "b" , c 1, d "e",f 2'
    assert formatted(row) == 'web posts /x with "a" "b", c 1, d "e", f 2\n'


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_that_come_along_are_in_this_form(path):
    assert formatted(path.read_text(encoding="utf-8")) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_formatting_an_example_of_the_page_twice_changes_nothing(text):
    assert formatted(formatted(text)) == formatted(text)


TEXTS = st.text(st.sampled_from("ab \t\n\"\\/#:.Ж'"), max_size=8)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def pattern(text):
    return "/x" + re.escape(text.replace("\n", "")).replace("/", r"\/") + "/"


BLOCK_TEXTS = st.lists(st.text(st.sampled_from('ab# :"\\'), max_size=6), min_size=1).filter(
    lambda rows: any(row.strip() for row in rows)
)
STEPS = st.one_of(
    st.builds(lambda text: [f"anna sees {quoted(text)}"], TEXTS),
    st.builds(lambda text: [f"anna  receives sms\tfrom 3339 {pattern(text)}"], TEXTS),
    st.builds(lambda text: [f"boris sends sms {quoted(text)}   to anna  # {pattern(text)}"], TEXTS),
    st.builds(lambda rows: ["anna sees exactly :", *(f"      {row}" for row in rows)], BLOCK_TEXTS),
    st.sampled_from([["anna dials *111*25#"], ["wait 5 s"], ["# a comment: \\"], [""], ["   "]]),
)


@st.composite
def bodies(draw, depth=0):
    """Rows of steps, which may be blocks, all equally deep."""
    rows = [row for step in draw(st.lists(STEPS, max_size=4)) for row in step]
    if depth < 2 and draw(st.booleans()):
        width = draw(st.integers(1, 5))
        inner = [" " * width + row for row in draw(bodies(depth + 1))]
        rows += [draw(st.sampled_from(["repeat 2 times", "repeat  3 times"])), *inner]
    return [*rows, "anna hangs up"]


@st.composite
def scripts(draw):
    """A script of any form."""
    rows = ["phone  anna is 70001000001", 'phone boris is "70002000001"']
    if draw(st.booleans()):
        rows += ["teardown", *("   " + row for row in draw(bodies()))]
    titles = draw(st.integers(0, 2))
    for number in range(titles):
        indent = " " * draw(st.integers(0, 5))
        rows += [f'scenario "{number}"', *(indent + row for row in draw(bodies()))]
    return "\n".join(rows if titles else [*rows, *draw(bodies())])


@given(scripts())
def test_a_formatted_script_has_the_same_steps_and_formatting_it_again_changes_nothing(text):
    once = formatted(text)
    assert meaning(once) == meaning(text)
    assert formatted(once) == once
    assert comments(once) == comments(text)


def comments(text):
    """They, and what looks like one in a text."""
    return [row.strip() for row in text.split("\n") if row.strip().startswith("#")]
