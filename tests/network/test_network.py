"""The operator's one door."""

import pytest

from ussd_gateway.network.message import BEGIN, Alert, Sms, Ussd


def test_the_next_deadline_is_the_soonest_of_sessions_and_messages(operator):
    anna, portal = operator.handset("70001000001"), operator.application("*111#")
    assert operator.network.next_deadline() is None
    operator.submit(Ussd(BEGIN, "*111#", msisdn="70001000001"))
    assert operator.network.next_deadline() == 10.0
    off = operator.handset("70001000002")
    operator.network.detach(off.party, 0)
    operator.submit(Sms("1", "70001000002", b"", expires_at=5.0))
    assert operator.network.next_deadline() == 5.0
    assert (len(anna.got), len(portal.got)) == (0, 1)


def test_what_the_network_makes_is_never_submitted(operator):
    with pytest.raises(TypeError, match="the network makes each Alert"):
        operator.submit(Alert("70001000001", "shop"))


def test_sessions_and_messages_draw_their_ids_from_one_row(operator):
    operator.application("*111#")
    operator.handset("70001000001")
    sms = operator.submit(Sms("1", "70001000001", b""))
    ussd = operator.submit(Ussd(BEGIN, "*111#", msisdn="70001000001"))
    assert (sms.message_id, ussd.session) == ("0000000001", "0000000002")
