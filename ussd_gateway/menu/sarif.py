"""Mistakes of menus as SARIF 2.1.0, for whoever shows findings beside the lines of a change: GitHub code scanning, editors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from ussd_gateway.menu.mistakes import RULES, Mistake

HELP: Mapping[str, str] = {
    "syntax": "Mend the TOML: a quote, bracket or comma is missing or stands twice; a table is given twice.",
    "unknown-key": "Correct the spelling, or take the key out; the page on menus has every key.",
    "wrong-type": "Write the value as the message says: strings in quotes, numbers and true without.",
    "missing-key": "Add the key.",
    "empty": "Write something there, or take the key out.",
    "bad-value": "Take one of the values that the message names.",
    "bad-name": "Name the variable with letters, digits and _, and not as something that is always there, such as msisdn.",
    "bad-code": "Write the code as it is dialled: *111# or *111*25#.",
    "unknown-word": "Give the word of the route a screen in `on`, or take out the way that no word leads.",
    "bad-key": "A key has no spaces, no * and no #, so that it can be dialled with the code.",
    "bad-template": "Mend the braces: {{ name }} shows a variable, {% if name %} ... {% endif %} a part of the text.",
    "bad-expression": 'Write an expression such as "balance < 1000", without braces.',
    "bad-pattern": 'Write a regular expression such as "[0-9]{4}"; it has to fit all of the answer.',
    "bad-bounds": "Give min and max as the kind of the input wants them, the lesser one as min.",
    "conflict": "Keep one of the two, or move one to a screen of its own.",
    "unknown-target": "Correct the name, or add the screen.",
    "unknown-language": "Add the language to `languages`, or take its texts out.",
    "unknown-variable": "Correct the name, or set it first: in variables, an input, a list, set, compute or a call's fields.",
    "missing-translation": "Add the text in the language that the message names.",
    "missing-handler": "Correct the name; a function of your own is package.module:function.",
    "dead-end": "Give the screen choices, an input, a list or a confirm, or end = true.",
    "unreachable-screen": "Lead to the screen from another one, or take it out.",
    "endless-loop": "Let one of the screens ask the user something, or lead elsewhere.",
    "no-exit": "Lead from one of the screens to one with end = true, or give the menu an exit key.",
    "duplicate-choice": "Give each choice of the screen a key of its own.",
    "shadowed-choice": "Take another key: this one is navigation, or another choice's, so the choice is never picked.",
    "duplicate-code": "Let one menu answer the code.",
    "shadowed-code": "Take another code, or another key in the menu that cannot be dialled through any more.",
    "reserved-code": "Take another code: the phone or the network keeps this one to itself.",
    "text-too-long": "Shorten the text; 160 octets are 182 characters of the GSM alphabet, or 80 of any other.",
}
"""How each rule of `mistakes.RULES` is kept."""

Sarif = dict[str, object]


def sarif(mistakes: Iterable[Mistake], version: str) -> Sarif:
    """A SARIF log with one run, as `json` writes it.

    A mistake's source is a path relative to the folder that is looked at, with /. `version` is the gateway's.
    """
    numbers = {rule: number for number, rule in enumerate(RULES)}
    driver = {"name": "ussd-gateway menu check", "semanticVersion": version, "rules": [_rule(rule) for rule in RULES]}
    results = [_result(mistake, numbers[mistake.rule]) for mistake in mistakes]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _rule(rule: str) -> Sarif:
    return {
        "id": rule,
        "shortDescription": {"text": RULES[rule]},
        "fullDescription": {"text": RULES[rule]},
        "help": {"text": HELP[rule]},
    }


def _result(mistake: Mistake, number: int) -> Sarif:
    place: Sarif = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(mistake.source)},
            "region": {"startLine": mistake.line},
        }
    }
    if mistake.key:
        place["logicalLocations"] = [{"fullyQualifiedName": mistake.key}]
    return {
        "ruleId": mistake.rule,
        "ruleIndex": number,
        "level": "warning" if mistake.warning else "error",
        "message": {"text": f"{mistake.key}: {mistake.message}" if mistake.key else mistake.message},
        "locations": [place],
    }
