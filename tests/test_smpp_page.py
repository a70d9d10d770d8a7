"""docs/smpp.md says nothing that is not so: the tests that it names are there, and so are its commands and statuses."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from ussd_gateway.network.message import MessageState
from ussd_gateway.smpp.pdu import PDUS
from ussd_gateway.smpp.status import Status

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "smpp.md").read_text(encoding="utf-8")
_, PROOF = PAGE.split("\n## What proves it\n")
ROWS = re.findall(r"^\| (.+?) \| (.*)\|$", PROOF, re.MULTILINE)[1:]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PROOF)))


@cache
def names_in(path):
    """The tests of a file, by what it says and not by what it does."""
    tree = ast.parse((TESTS / path.replace("smsc/", "applications/smsc/", 1)).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


@pytest.mark.parametrize(("path", "test"), NAMED, ids=lambda part: part)
def test_a_test_that_is_named_is_there(path, test):
    assert test in names_in(path)


def test_every_row_but_a_heading_names_tests_and_nothing_else():
    assert len(ROWS) > 90
    for feature, tests in ROWS:
        if feature.startswith("**"):
            assert not tests.strip()
        else:
            assert re.fullmatch(r"(`[\w/]+\.py::test_\w+`(, )?)+ ", tests), feature


def test_every_command_has_its_row():
    words = {word for feature, _ in ROWS for word in re.findall(r"\w+", feature)}
    assert {pdu.command for pdu in PDUS.values()} <= words


def test_every_state_of_a_message_has_its_row():
    words = {word for feature, _ in ROWS for word in re.findall(r"\w+", feature)}
    assert {state.name for state in MessageState} - {"SKIPPED"} <= words


def test_every_status_of_the_page_is_one():
    named = set(re.findall(r"ESME_\w+", PAGE))
    assert len(named) > 20
    assert named <= set(Status.__members__)
