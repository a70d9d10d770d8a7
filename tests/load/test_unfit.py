"""Every sentence is played really, or refused with its place and a way out."""

import pytest

from ussd_gateway.load.unfit import FIT, unfit
from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.play import PERFORM

PHONE = "phone anna is 70001000001\n"

REFUSED = {
    "the clock begins": ("starts at 2018-04-27 17:50\nanna dials *100#\n", 2, "take the line out"),
    "the clock is moved": ("wait until 2018-04-27 17:50\n", 2, "write wait 2s"),
    "a fault": ("anna dials *100#\nfault throttle 1\n", 3, "PUT /api/v1/faults"),
    "no fault": ("fault off\n", 2, "PUT /api/v1/faults"),
    "a wait": ("wait 30d\n", 2, "600 s at most"),
    "in a block": ("repeat 2 times\n    anna receives no sms for 1h\n", 3, "600 s at most"),
    "a phone in a row": (
        "for each row in users.csv\n    phone user is {msisdn}\n    user dials *100#\n",
        3,
        "a number of his own",
    ),
}


@pytest.mark.parametrize(("text", "line", "way_out"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_played_is_told_with_its_place(text, line, way_out, tmp_path):
    (tmp_path / "users.csv").write_text("msisdn\n70001000001\n")
    path = str(tmp_path / "wrong.ussd")
    (told,) = unfit(parse(PHONE + text, path))
    sentence = (PHONE + text).splitlines()[line - 1].strip()
    first, second, third = told.splitlines()
    assert first.startswith(f"{path}:{line}: ")
    assert second.strip() == sentence
    assert way_out in third


def test_a_setup_is_told_once_and_in_the_file_where_it_stands(tmp_path):
    (tmp_path / "shared.ussd").write_text(f"{PHONE}setup\n    fault off\n")
    script = parse(
        'use shared.ussd\nscenario "a"\n    anna dials *1#\nscenario "b"\n    wait 2s\n', str(tmp_path / "a.ussd")
    )
    (told,) = unfit(script)
    assert told.startswith(f"{tmp_path / 'shared.ussd'}:3: ")


def test_a_script_that_fits_has_nothing_to_tell():
    assert unfit(parse(f"{PHONE}anna dials *111#\nwait 2s\nanna receives no sms for 10min\n", "fits.ussd")) == []


def test_every_kind_of_step_fits_or_is_refused():
    assert set(PERFORM) >= FIT
    assert {kind.__name__ for kind in set(PERFORM) - FIT} >= {"Fault", "FaultOff", "WaitUntil", "Phone"}
