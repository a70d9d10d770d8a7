"""The words that use cases share."""

from ussd_gateway.selfcare import channels


def test_the_channels_are_apart():
    assert len({channels.USSD, channels.SMS, channels.WEB}) == 3
