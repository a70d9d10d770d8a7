"""Which scenarios are played, how often and in which order."""

import pytest

from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.selection import SelectionError, only, rounds, tagged

HEAD = "phone anna is 70001000001\n"


def script(name, *scenarios):
    return parse(HEAD + "".join(f'scenario "{title}"{tags}\n    anna hangs up\n' for title, tags in scenarios), name)


PORTAL = script("portal.ussd", ("walk", " tagged smoke"), ("time-out", " tagged slow"), ("both", " tagged smoke, slow"))
SMS = script("sms.ussd", ("parts", ""))


def names(scripts):
    return [scenario.name for script in scripts for scenario in script.scenarios]


@pytest.mark.parametrize(
    ("tags", "left"),
    [
        ([], ["walk", "time-out", "both", "parts"]),
        (["smoke"], ["walk", "both"]),
        (["smoke", "slow"], ["walk", "time-out", "both"]),
        (["!slow"], ["walk", "parts"]),
        (["smoke", "!slow"], ["walk"]),
        (["!smoke", "!slow"], ["parts"]),
        (["!unheard"], ["walk", "time-out", "both", "parts"]),
    ],
)
def test_tags_select_scenarios(tags, left):
    assert names(tagged([PORTAL, SMS], tags)) == left


def test_a_script_without_a_scenario_to_play_falls_away():
    assert [script.name for script in tagged([PORTAL, SMS], ["smoke"])] == ["portal.ussd"]


def test_a_tag_that_nothing_has_is_told_with_the_nearest_one():
    with pytest.raises(SelectionError, match=r'^no scenario has the tag "smok"\ndid you mean "smoke"\?$'):
        tagged([PORTAL, SMS], ["smok"])
    with pytest.raises(SelectionError, match=r'^no scenario has the tag "smoke"$'):
        tagged([SMS], ["smoke"])


def test_scenarios_are_selected_by_file_and_title():
    assert names(only([PORTAL, SMS], lambda script, scenario: scenario.name in ("walk", "parts"))) == ["walk", "parts"]


def test_everything_is_played_as_often_as_asked():
    assert list(rounds([PORTAL, SMS], 1, None)) == [(PORTAL, ""), (SMS, "")]
    assert list(rounds([PORTAL], 2, None)) == [(PORTAL, " (1 of 2)"), (PORTAL, " (2 of 2)")]


def order(seed, repeat=1):
    many = [script(f"{number}.ussd", *((str(title), "") for title in range(9))) for number in range(9)]
    return [(script.name, names([script])) for script, _ in rounds(many, repeat, seed)]


def test_a_seed_shuffles_files_and_scenarios_and_gives_its_order_again():
    plain, shuffled = order(None), order("7")
    assert [name for name, _ in shuffled] != [name for name, _ in plain]
    assert sorted(name for name, _ in shuffled) == [name for name, _ in plain]
    orders = [titles for _, titles in shuffled]
    assert all(sorted(titles) == plain[0][1] for titles in orders)
    assert len({tuple(titles) for titles in orders}) > 1
    assert order("7") == shuffled
    assert order("8") != shuffled


def test_each_round_is_shuffled_anew():
    first, second = order("7", 2)[:9], order("7", 2)[9:]
    assert first == order("7")
    assert second != first
