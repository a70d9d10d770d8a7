"""The kinds of mandatory parameters (SMPP 3.4 section 3.1): how each looks on the wire and in Python.

A field is a row of a PDU's layout. It gives a regular expression that matches it, a bytes format that writes it, and
decodes its octets only when somebody reads the attribute.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, overload

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status

LONGEST_SHORT_MESSAGE = 254  # octets (5.2.21)

T = TypeVar("T", str, int, bytes)


class Field(Generic[T]):
    """One mandatory parameter; as a class attribute of a Pdu it reads as a Python value."""

    pattern: bytes  # matches the field, its value in one group
    template: bytes  # writes it, one %b for each octet string that `wire` gives
    default: bytes = b""  # the value, as in `Pdu.values`, of a field that nobody gave
    name: str
    index: int

    def __init__(self, status: Status = Status.ESME_RINVCMDLEN) -> None:
        self.status = status  # answers a value that breaks the field

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, pdu: None, owner: type[Any]) -> Field[T]: ...
    @overload
    def __get__(self, pdu: Any, owner: type[Any]) -> T: ...
    def __get__(self, pdu: Any, owner: type[Any]) -> Field[T] | T:
        return self if pdu is None else self.decode(pdu.values[self.index])

    def decode(self, value: bytes) -> T:
        """The Python value of the octets."""
        raise NotImplementedError

    def encode(self, value: T) -> bytes:
        """The octets of a Python value; PduError when it does not fit."""
        raise NotImplementedError

    def explain(self, body: bytes, position: int) -> int:
        """Where the field that begins at `position` ends; PduError when it breaks its layout."""
        raise NotImplementedError


class CString(Field[str]):
    """A C-Octet String: at most `size` octets, the NUL at its end included."""

    def __init__(self, size: int, status: Status = Status.ESME_RINVCMDLEN) -> None:
        super().__init__(status)
        self.size = size
        self.pattern = b"([^\\0]{0,%d}+)\\0" % (size - 1)  # possessive: there is nothing to try again
        self.template = b"%b\0"

    def decode(self, value: bytes) -> str:
        """Latin-1 takes every octet, so odd ones are shown and not lost."""
        return value.decode("latin-1")

    def encode(self, value: str) -> bytes:
        """PduError for a text that is too long, has a NUL, or a character beyond Latin-1."""
        try:
            octets = value.encode("latin-1")
        except UnicodeEncodeError as error:
            raise PduError(f"{self.name} has a character that no octet stands for: {value!r}", self.status) from error
        if len(octets) >= self.size or b"\0" in octets:
            raise PduError(f"{self.name} is {value!r}; it takes {self.size - 1} octets without a NUL", self.status)
        return octets

    def explain(self, body: bytes, position: int) -> int:
        """PduError for a string without its NUL, or one that is longer than the specification lets it be."""
        end = body.find(b"\0", position)
        if end < 0 and len(body) - position < self.size:
            raise PduError(f"the body ends inside {self.name}, before its NUL", Status.ESME_RINVCMDLEN)
        length = (end if end >= 0 else len(body)) - position
        if length >= self.size:
            raise PduError(f"{self.name} is {length} octets; it takes {self.size - 1}", self.status)
        return end + 1


class Octet(Field[int]):
    """A one-octet integer."""

    pattern = b"(.)"
    template = b"%b"
    default = b"\0"

    def decode(self, value: bytes) -> int:
        """0 to 255."""
        return value[0]

    def encode(self, value: int) -> bytes:
        """PduError outside 0 to 255."""
        if not 0 <= value <= 0xFF:
            raise PduError(f"{self.name} is {value}; an octet takes 0 to 255", self.status)
        return bytes((value,))

    def explain(self, body: bytes, position: int) -> int:
        """PduError when the body has no octet left."""
        if position >= len(body):
            raise PduError(f"the body ends before {self.name}", Status.ESME_RINVCMDLEN)
        return position + 1


class OctetString(Field[bytes]):
    """Octets behind a length octet: sm_length and short_message (5.2.21, 5.2.22). Ends a layout."""

    pattern = b"(.)(.*)"  # the length, and all that follows, TLVs too: nothing has to be cut where there are none
    template = b"%b%b"

    def decode(self, value: bytes) -> bytes:
        """The octets as they are."""
        return value

    def encode(self, value: bytes) -> bytes:
        """PduError above 254 octets (5.2.22)."""
        if len(value) > LONGEST_SHORT_MESSAGE:
            raise PduError(f"{self.name} is {len(value)} octets; it takes {LONGEST_SHORT_MESSAGE}", self.status)
        return bytes(value)

    def explain(self, body: bytes, position: int) -> int:
        """PduError when fewer octets follow than the length says."""
        if position >= len(body):
            raise PduError("the body ends before sm_length", Status.ESME_RINVCMDLEN)
        if body[position] > LONGEST_SHORT_MESSAGE:
            raise PduError(f"sm_length is {body[position]}; it goes to {LONGEST_SHORT_MESSAGE}", self.status)
        follow = len(body) - position - 1
        if body[position] > follow:
            raise PduError(f"sm_length is {body[position]} but {follow} octets follow", self.status)
        return position + 1 + body[position]
