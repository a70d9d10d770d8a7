"""command_status by name."""

from ussd_gateway.smpp.status import Status, status_name


def test_known_values_have_their_names_and_others_their_number():
    assert status_name(0x58) == "ESME_RTHROTTLED"
    assert status_name(Status.ESME_ROK) == "ESME_ROK"
    assert status_name(0x400) == "0x00000400"
