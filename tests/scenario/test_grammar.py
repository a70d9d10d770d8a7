"""The grammar for editors knows the whole language."""

import re
from pathlib import Path

import pytest

from ussd_gateway.scenario.grammar import grammar, grammar_text
from ussd_gateway.scenario.language import SENTENCES

FILE = Path(__file__).parents[2] / "docs" / "ussd.tmLanguage.json"
SENTENCE = grammar()["repository"]["sentence"]["patterns"]


def named(name):
    (row,) = (row for row in SENTENCE if row["name"] == f"{name}.ussd")
    return re.compile(row["match"] if "match" in row else row["begin"])


def test_the_file_is_drawn_from_the_table_of_sentences():
    assert FILE.read_text(encoding="utf-8") == grammar_text()


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: row.pattern)
def test_each_word_of_a_sentence_is_a_keyword(row):
    told = " ".join(re.sub(r"[\[\]()]", " ", row.pattern).split())
    keywords = {found[1] for name in ("keyword.control", "keyword.other") for found in named(name).finditer(told)}
    assert keywords == set(re.findall(r"\b[a-z]+\b", told))


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("entity.name.tag.code", "anna dials *111*{number}#", "*111*{number}#"),
        ("constant.numeric", "wait 3min", "3min"),
        ("constant.numeric", "anna receives sms from 3339 within 5s", "3339"),
        ("variable.other.capture", "anna answers {key}", "{key}"),
        ("entity.name.type.phone", "    anna hangs up", "    anna"),
        ("string.quoted.double", 'anna sees "x"', '"'),
        ("string.regexp", "anna sees /x/", "/"),
    ],
)
def test_slots_have_colours(name, text, found):
    assert named(name).search(text)[0] == found


def test_every_pattern_is_a_regular_expression():
    def walk(node):
        if isinstance(node, dict):
            for key in ("match", "begin", "end"):
                if key in node:
                    re.compile(f"({node[key]})" if key != "end" else f"(begin){node[key]}")  # an end may say \\1
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(grammar())


def test_a_code_is_no_comment_but_a_remark_is():
    comment = re.compile(grammar()["patterns"][0]["match"])
    assert comment.search("anna dials #100#") is None
    assert comment.search("anna dials *100# # the balance")[0] == "# the balance"
    assert comment.search("  # alone")[0] == "  # alone"
