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

    def state(self, sms: Sms, state: MessageState, now: float) -> None:
        """An SMS came to another state."""

    def receipt(self, receipt: Receipt, now: float) -> None:
        """A receipt left for the ESME that asked for it."""
