"""SMPP times: absolute with an offset, relative to now, and what is none."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.time import parse_time, write_time

NOW = datetime(2018, 1, 31, 12, 0, tzinfo=UTC).timestamp()

TIMES = {
    "180201120000000+": "2018-02-01T12:00:00+00:00",
    "180201120000512+": "2018-02-01T09:00:00.500000+00:00",  # 12 quarters: UTC+3
    "180201120000012-": "2018-02-01T15:00:00+00:00",
    "000000000130000R": "2018-01-31T12:01:30+00:00",
    "000002000000000R": "2018-02-02T12:00:00+00:00",
    "000100000000000R": "2018-02-28T12:00:00+00:00",  # a month after 31 January
    "010000000000000R": "2019-01-31T12:00:00+00:00",
    "991231235959000R": "2126-08-31T11:59:59+00:00",
}


@pytest.mark.parametrize(("text", "moment"), TIMES.items())
def test_a_time_is_a_moment(text, moment):
    parsed = parse_time(text, NOW, Status.ESME_RINVEXPIRY)
    if text.startswith("99"):
        assert parsed > NOW + 99 * 365 * 86400
    else:
        assert parsed == datetime.fromisoformat(moment).timestamp()


def test_the_empty_string_is_no_time():
    assert parse_time("", NOW, Status.ESME_RINVSCHED) is None


@pytest.mark.parametrize(
    "text",
    ["tomorrow", "180201120000000", "180201120000000Z", "181301120000000+", "180230120000000+", "180201120000049+"],
)
def test_garbage_is_refused_with_the_status_of_its_field(text):
    with pytest.raises(PduError) as refused:
        parse_time(text, NOW, Status.ESME_RINVSCHED)
    assert refused.value.status is Status.ESME_RINVSCHED
    assert repr(text) in str(refused.value)


@given(st.text(st.sampled_from("0123456789R+-"), min_size=16, max_size=16), st.floats(0, 4e9))
def test_any_text_is_a_moment_or_a_pdu_error(text, now):
    with suppress(PduError):
        assert isinstance(parse_time(text, now, Status.ESME_RINVEXPIRY), float)


TENTHS_OF_THE_CENTURY = st.integers(9_466_848_000, 41_024_447_999)


@given(TENTHS_OF_THE_CENTURY)
def test_a_moment_that_is_written_is_read_as_the_same(tenths):
    moment = tenths / 10
    assert parse_time(write_time(moment), NOW, Status.ESME_RINVEXPIRY) == moment


@given(st.floats(946_684_800, 4_102_444_799))
def test_a_moment_between_two_tenths_is_the_nearest(moment):
    assert abs(parse_time(write_time(moment), NOW, Status.ESME_RINVEXPIRY) - moment) <= 0.0501


def test_a_moment_is_written_in_utc():
    assert write_time(datetime.fromisoformat("2018-04-27T17:50:00.26+03:00").timestamp()) == "180427145000300+"


@pytest.mark.parametrize("moment", [0, 946_684_799, 4_102_444_800, 1e20, -1e20])
def test_a_moment_outside_the_century_has_no_smpp_time(moment):
    with pytest.raises(ValueError, match=r"years go from 2000 to 2099|is no moment"):
        write_time(moment)
