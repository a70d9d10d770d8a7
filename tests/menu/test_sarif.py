"""Mistakes as SARIF 2.1.0: what GitHub code scanning asks for is there."""

import json

from ussd_gateway.menu.mistakes import RULES, Mistake
from ussd_gateway.menu.sarif import HELP, sarif

MISTAKES = [
    Mistake("menus/portal.toml", 7, "screens.main.choices[2].to", 'there is no screen "x"', "unknown-target"),
    Mistake("menus/мой файл.toml", 1, "", "cannot be read", "syntax"),
    Mistake("menus/portal.toml", 9, "screens.old", "nobody can come to it", "unreachable-screen", warning=True),
]


def run(mistakes):
    log = json.loads(json.dumps(sarif(mistakes, "1.2.3")))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    return log["runs"][0]


def test_a_mistake_is_a_result_with_rule_level_words_and_place():
    wrong, unread, warning = run(MISTAKES)["results"]
    assert wrong == {
        "ruleId": "unknown-target",
        "ruleIndex": list(RULES).index("unknown-target"),
        "level": "error",
        "message": {"text": 'screens.main.choices[2].to: there is no screen "x"'},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "menus/portal.toml"},
                    "region": {"startLine": 7},
                },
                "logicalLocations": [{"fullyQualifiedName": "screens.main.choices[2].to"}],
            }
        ],
    }
    place = unread["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == (
        "menus/%D0%BC%D0%BE%D0%B9%20%D1%84%D0%B0%D0%B9%D0%BB.toml"
    )
    assert (unread["message"]["text"], "logicalLocations" in place) == ("cannot be read", False)
    assert warning["level"] == "warning"


def test_the_tool_describes_every_rule_and_how_it_is_kept():
    driver = run([])["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("ussd-gateway menu check", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in driver["rules"])


def test_no_mistakes_are_an_empty_list_of_results():
    assert run([])["results"] == []


def test_each_rule_has_its_help_and_no_help_is_left_over():
    assert set(HELP) == set(RULES)
