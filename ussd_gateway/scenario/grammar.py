"""The language as a TextMate grammar, drawn from the table of sentences: editors colour scripts by it. No I/O."""

from __future__ import annotations

import json
import re

from ussd_gateway.scenario.language import FIRST_WORDS, SENTENCES, UNITS

_CAPTURE = {"name": "variable.other.capture.ussd", "match": r"\{[^\W\d]\w*\}"}


def grammar() -> dict[str, object]:
    """The grammar, as editors read it."""
    words = {word for row in SENTENCES for word in re.findall(r"[a-z]+", row.pattern)} | {
        *("containing", "exactly", "matching"),
        *UNITS,
    }
    units = "|".join(sorted(UNITS, key=len, reverse=True))
    return {
        "name": "USSD script",
        "scopeName": "source.ussd",
        "fileTypes": ["ussd"],
        "patterns": [
            {"name": "comment.line.number-sign.ussd", "match": r"^\s*#.*$|(?<=\s)#(?=\s|$).*$"},
            {
                "name": "string.unquoted.block.ussd",
                "begin": r"^(\s*)(?=\S)(.*):\s*(#\s.*)?$",
                "beginCaptures": {"2": {"patterns": [{"include": "#sentence"}]}, "3": {"name": "comment.line.ussd"}},
                "end": r"^(?!\1\s+\S|\s*$)",
                "patterns": [_CAPTURE],
            },
            {"include": "#sentence"},
        ],
        "repository": {
            "sentence": {
                "patterns": [
                    {
                        "name": "string.quoted.double.ussd",
                        "begin": r'(?<!\S)"',
                        "end": '"|$',
                        "patterns": [{"name": "constant.character.escape.ussd", "match": r"\\."}, _CAPTURE],
                    },
                    {
                        "name": "string.regexp.ussd",
                        "begin": r"(?<!\S)/",
                        "end": "/|$",
                        "patterns": [{"name": "constant.character.escape.ussd", "match": r"\\."}, _CAPTURE],
                    },
                    {"name": "entity.name.tag.code.ussd", "match": r"(?<!\S)[*#][*#\d]\S*"},
                    {"name": "constant.numeric.ussd", "match": rf"(?<!\S)\d+(\.\d+)?({units})?(?!\S)"},
                    _CAPTURE,
                    {"name": "keyword.control.ussd", "match": rf"^\s*({_any_of(FIRST_WORDS)})(?!\S)"},
                    {"name": "keyword.other.ussd", "match": rf"(?<=\s)({_any_of(words)})(?=[\s:]|$)"},
                    {"name": "entity.name.type.phone.ussd", "match": r"^\s*[^\W\d]\w*(?=\s)"},
                ]
            }
        },
    }


def grammar_text() -> str:
    """The grammar as a file."""
    return json.dumps(grammar(), ensure_ascii=False, indent=2) + "\n"


def _any_of(words: set[str] | frozenset[str]) -> str:
    return "|".join(sorted(words))
