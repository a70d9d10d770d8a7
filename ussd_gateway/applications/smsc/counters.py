"""What one connection has sent and received. Whole numbers that cost next to nothing, and a dictionary for what is rare."""

from __future__ import annotations

from collections import Counter

from ussd_gateway.smpp.status import Status, status_name

_MOST_STATUSES = 200  # that are counted apart; the specifications have fewer


class Counters:
    """Counts of one connection, from its beginning.

    submitted            int; submit_sm that were accepted: neither `requests` nor `responses` has them
    messages, receipts   int; our requests that carried one
    refused              by command_status; responses to our requests that are no ESME_ROK
    octets_in, octets_out
    requests             by command; of the ESME, the others
    responses            by command_status; ours, the others
    """

    __slots__ = ("messages", "octets_in", "octets_out", "receipts", "refused", "requests", "responses", "submitted")

    def __init__(self) -> None:
        self.submitted = self.messages = self.receipts = self.octets_in = self.octets_out = 0
        self.refused: Counter[int] = Counter()
        self.requests: Counter[str] = Counter()
        self.responses: Counter[int] = Counter()

    def answered(self, command: str, command_status: int) -> None:
        """A request of the ESME got a response with this status."""
        self.requests[command] += 1
        self.responses[command_status] += 1

    def refuse(self, command_status: int, count: int = 1) -> None:
        """The ESME answered with this status; one that makes up ever new ones is counted all the same."""
        known = command_status in self.refused or len(self.refused) < _MOST_STATUSES
        self.refused[command_status if known else Status.ESME_RUNKNOWNERR] += count

    def swallowed(self, command_status: int) -> None:
        """A response that was counted never leaves; below 0 where `submitted` counted it."""
        self.responses[command_status] -= 1

    def add(self, other: Counters) -> None:
        """Those of another connection belong to the same sum."""
        self.submitted += other.submitted
        self.messages += other.messages
        self.receipts += other.receipts
        self.octets_in += other.octets_in
        self.octets_out += other.octets_out
        for command_status, count in other.refused.items():
            self.refuse(command_status, count)
        self.requests.update(other.requests)
        self.responses.update(other.responses)

    @property
    def activity(self) -> int:
        """Grows with every request of either side that is more than a sign of life."""
        requests = self.requests
        return self.submitted + self.messages + self.receipts + requests.total() - requests["enquire_link"]

    def shown(self) -> dict[str, object]:
        """As `GET /esmes` answers it."""
        requests = self.requests + Counter(submit_sm=self.submitted)
        responses = self.responses + Counter({int(Status.ESME_ROK): self.submitted})
        return {
            "requests": dict(sorted(requests.items())),
            "responses": _by_name(responses),
            "messages_in": self.submitted,
            "messages_out": self.messages,
            "receipts": self.receipts,
            "refused": _by_name(self.refused),
            "octets_in": self.octets_in,
            "octets_out": self.octets_out,
        }


def _by_name(counter: Counter[int]) -> dict[str, int]:
    return {status_name(status): count for status, count in sorted(counter.items())}
