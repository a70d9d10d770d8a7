"""Who holds a number, and what waits for him."""

import pytest

from ussd_gateway.network.message import MessageState, Sms
from ussd_gateway.network.party import HANDED, SCHEDULED, WAITING, Party, UnderWay


def way(message_id="1", **given):
    sms = Sms("1", "5000", b"", message_id=message_id, **given)
    return UnderWay(sms, Party("shop", None, home=False, attached=True, confirms=True))


STATES = {SCHEDULED: MessageState.SCHEDULED, WAITING: MessageState.ENROUTE, HANDED: MessageState.ENROUTE}


@pytest.mark.parametrize(("stage", "state"), STATES.items())
def test_a_query_shows_scheduled_or_enroute(stage, state):
    message = way()
    message.stage = stage
    assert message.state is state


def test_what_no_bind_wanted_is_the_first_again():
    party = Party("shop", None, home=False, attached=True, confirms=True)
    first, second, urgent = way("1"), way("2"), way("3", priority=1)
    party.keep(second)
    for one in (first, urgent):
        party.set_aside(one)
    party.want_again()
    assert [party.waiting.take() for _ in range(3)] == [urgent, first, second]
    assert not party.unwanted
