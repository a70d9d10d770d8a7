"""What is wrong, and what to answer."""

from ussd_gateway.smpp.errors import LostStreamError, PduError
from ussd_gateway.smpp.status import Status


def test_an_error_carries_what_was_seen_and_what_to_answer():
    error = LostStreamError("command_length is 5", Status.ESME_RINVCMDLEN)
    assert isinstance(error, PduError)
    assert (str(error), error.status) == ("command_length is 5", Status.ESME_RINVCMDLEN)
