"""What can be wrong with octets that should be SMPP."""

from ussd_gateway.smpp.status import Status


class PduError(Exception):
    """A PDU that breaks its layout: what was seen, and the command_status that answers it."""

    def __init__(self, seen: str, status: Status) -> None:
        super().__init__(seen)
        self.seen = seen
        self.status = status


class LostStreamError(PduError):
    """A header that cannot be true, so that nobody knows where the next PDU begins; the connection has to close."""
