"""Dialects by their names."""

import re

import pytest

from ussd_gateway.dialects.table import ASYNCHRONOUS, DIALECTS, speaker

NEEDED = {
    "generic": {
        "session": "id",
        "msisdn": "from",
        "text": "input",
        "signal": "prefix",
        "continues": ["+"],
        "ends": ["."],
    }
}
"""What has to be set."""


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_is_made_by_its_name(name):
    made = speaker(name, NEEDED.get(name, {}))

    assert made.name == name
    assert made.limits.answer_timeout > 0
    assert isinstance(made.notices_elsewhere, bool)
    assert all(setting.about for setting in made.settings.values())


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_an_asynchronous_dialect_is_made_by_its_name_too(name):
    made = speaker(name, {})

    assert made.name == name
    assert made.send_path.startswith("/")
    assert name not in DIALECTS


MISTAKES = {
    "a name spelled otherwise": (
        "africastalking",
        {},
        'the dialect "africastalking" is unknown; did you mean "africas_talking"?',
    ),
    "another name": (
        "xyz",
        {},
        f'the dialect "xyz" is unknown; known: {", ".join(sorted([*DIALECTS, *ASYNCHRONOUS]))}',
    ),
    "a setting spelled otherwise": (
        *("africas_talking", {"networkcode": "63902"}),
        'the dialect africas_talking has no setting "networkcode"; did you mean "network_code"?',
    ),
    "a setting of another type": (
        *("africas_talking", {"network_code": 63902}),
        'the setting "network_code" of the dialect africas_talking is 63902, but has to be a string',
    ),
}


@pytest.mark.parametrize(("name", "settings", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_what_is_wrong_and_the_way_out(name, settings, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        speaker(name, settings)
