"""command_status by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.status import Status, status_from, status_name


def test_known_values_have_their_names_and_others_their_number():
    assert status_name(0x58) == "ESME_RTHROTTLED"
    assert status_name(Status.ESME_ROK) == "ESME_ROK"
    assert status_name(0x400) == "0x00000400"


def test_each_has_a_meaning_of_its_own():
    meanings = [status.meaning for status in Status]
    assert all(meanings)
    assert len(set(meanings)) == len(meanings)
    assert Status.ESME_RTHROTTLED.meaning == "The ESME has sent more than it is allowed to"


def test_the_second_edition_of_a_name_is_the_same_status():
    assert Status.ESME_RMISSINGTLV is Status.ESME_RMISSINGOPTPARAM
    assert status_name(0xC3) == "ESME_RMISSINGOPTPARAM"


@pytest.mark.parametrize(
    "given",
    ["ESME_RTHROTTLED", " esme_rthrottled", "RTHROTTLED", "0x58", "0X00000058", "88", 88, Status.ESME_RTHROTTLED],
)
def test_a_status_is_written_by_its_name_or_number(given):
    assert status_from(given) == 0x58
    assert type(status_from(given)) is int


@given(st.integers(0, 0xFFFFFFFF))
def test_any_number_is_one_and_its_name_too(value):
    assert status_from(value) == status_from(str(value)) == status_from(hex(value)) == value
    assert status_from(status_name(value)) == value


def test_a_slip_of_the_pen_is_told_what_is_near():
    with pytest.raises(ValueError, match=r"'ESME_THROTTLED' is no command_status; near: ESME_RTHROTTLED.*a number"):
        status_from("ESME_THROTTLED")


@pytest.mark.parametrize("given", ["", "soon", "0x", "-1", "4294967296", -1, 1 << 32, True, 1.5, None])
def test_what_is_none_is_refused(given):
    with pytest.raises(ValueError, match="is no command_status"):
        status_from(given)
