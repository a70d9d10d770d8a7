"""What the network writes down; the journal implements it, and a list is enough for a test."""

from __future__ import annotations

from typing import Protocol

from ussd_gateway.network.message import MessageState, Receipt, Sms, Ussd


class Record(Protocol):
    """The one ordered record of all that passed. Each call is one entry; `now` in seconds since the epoch."""

    def ussd(self, message: Ussd, now: float) -> None:
        """A USSD message was accepted from a party, or made by the network."""

    def sms(self, sms: Sms, state: MessageState, now: float) -> None:
        """An SMS was accepted, and is in this state."""

    def state(self, sms: Sms, state: MessageState, now: float, error: int = 0) -> None:
        """An SMS came to another state; `error` is the MAP user error (3GPP 29.002) behind it, 0 for none."""

    def attempt(self, sms: Sms, error: int, now: float) -> None:
        """An attempt to deliver an SMS failed; it is still under way."""

    def replaced(self, sms: Sms, now: float) -> None:
        """An SMS under way was rewritten: this is what it is from now on."""

    def receipt(self, receipt: Receipt, now: float) -> None:
        """A receipt left for the ESME that asked for it."""
