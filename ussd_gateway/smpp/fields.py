"""The kinds of mandatory parameters (SMPP 3.4 section 3.1): how each looks on the wire and in Python.

A field is a row of a PDU's layout. It gives a regular expression that matches it, a bytes format that writes it, and
decodes its octets only when somebody reads the attribute. A counted list, which no regular expression can match, reads
itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, overload

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status

LONGEST_SHORT_MESSAGE = 254  # octets (5.2.21)
MASK = "********"  # stands where a secret would

T = TypeVar("T")


class Field(Generic[T]):
    """One mandatory parameter; as a class attribute of `Rows` it reads as a Python value."""

    pattern: bytes  # matches the field, its value in one group
    template: bytes  # writes it, one %b for each octet string that `wire` gives
    default: bytes = b""  # the value, as in `Pdu.values`, of a field that nobody gave
    secret: bool = False  # nobody is shown its value
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

    def __init__(self, size: int, status: Status = Status.ESME_RINVCMDLEN, *, secret: bool = False) -> None:
        super().__init__(status)
        self.size = size
        self.secret = secret
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
            shown = MASK if self.secret else repr(value)
            raise PduError(f"{self.name} has a character that no octet stands for: {shown}", self.status) from error
        if len(octets) >= self.size or b"\0" in octets:
            shown = MASK if self.secret else repr(value)
            raise PduError(f"{self.name} is {shown}; it takes {self.size - 1} octets without a NUL", self.status)
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


class Integer(Field[int]):
    """An unsigned integer of `size` octets."""

    def __init__(self, size: int, status: Status = Status.ESME_RINVCMDLEN) -> None:
        super().__init__(status)
        self.size = size
        self.pattern = b"(%b)" % (b"." * size)
        self.template = b"%b"
        self.default = bytes(size)

    def decode(self, value: bytes) -> int:
        """0 to what `size` octets hold."""
        return int.from_bytes(value)

    def encode(self, value: int) -> bytes:
        """PduError for a number that the octets do not hold."""
        if not 0 <= value < 1 << 8 * self.size:
            raise PduError(f"{self.name} is {value}; it takes 0 to {(1 << 8 * self.size) - 1}", self.status)
        return value.to_bytes(self.size)

    def explain(self, body: bytes, position: int) -> int:
        """PduError when the body has too few octets left."""
        if position + self.size > len(body):
            inside = "before" if position >= len(body) else "inside"
            raise PduError(f"the body ends {inside} {self.name}", Status.ESME_RINVCMDLEN)
        return position + self.size


class Octet(Integer):
    """A one-octet integer."""

    def __init__(self, status: Status = Status.ESME_RINVCMDLEN) -> None:
        super().__init__(1, status)

    def decode(self, value: bytes) -> int:
        """0 to 255."""
        return value[0]  # what is read most often is read the shortest way


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


class Rows:
    """What is laid out as rows: class attributes that are fields, in wire order, those of a base class first."""

    __slots__ = ("values",)

    layout: ClassVar[tuple[Field[Any], ...]] = ()
    _template: ClassVar[bytes] = b""
    _counted: ClassVar[bool] = False  # the layout ends with octets behind a length

    values: tuple[bytes, ...]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.layout = (*cls.layout, *(value for value in vars(cls).values() if isinstance(value, Field)))
        for index, field in enumerate(cls.layout):
            field.index = -1 if isinstance(field, OctetString) else index  # it ends the layout, behind its length
        cls._counted = bool(cls.layout) and isinstance(cls.layout[-1], OctetString)
        cls._template = b"".join(field.template for field in cls.layout)

    def _fill(self, given: dict[str, Any], owner: str) -> None:
        values = [
            field.encode(given.pop(field.name)) if field.name in given else field.default for field in self.layout
        ]
        if self._counted:
            values.insert(-1, bytes((len(values[-1]),)))
        self.values = tuple(values)
        if given:
            raise TypeError(f"{owner} has no {', '.join(given)}")


class Structure(Rows):
    """One entry of a counted list: rows, behind an octet that tells its kind where the list mixes kinds."""

    __slots__ = ()

    flag: ClassVar[bytes]
    match: ClassVar[Callable[[bytes, int], re.Match[bytes] | None]]

    def __init__(self, **given: Any) -> None:
        self._fill(given, type(self).__name__)

    def __init_subclass__(cls, flag: int | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.flag = b"" if flag is None else bytes((flag,))
        cls.match = _compiled(cls.layout, re.escape(cls.flag))

    @classmethod
    def from_octets(cls, values: tuple[bytes, ...]) -> Self:
        """The entry whose rows have these octets."""
        found = cls.__new__(cls)
        found.values = values
        return found

    def encode(self) -> bytes:
        """The octets, flag included."""
        return self.flag + self._template % self.values

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Structure) and self.values == other.values

    def __hash__(self) -> int:
        return hash((type(self), self.values))

    def __repr__(self) -> str:
        facts = ", ".join(f"{field.name}={field.__get__(self, type(self))!r}" for field in self.layout)
        return f"{type(self).__name__}({facts})"


S = TypeVar("S", bound=Structure)


class ListOf(Field[tuple[S, ...]]):
    """A count octet and as many entries; its octets, as in `Pdu.values`, begin with the count.

    count   what the specification calls the count
    kinds   of entries; when there are several, each has a flag
    flag    what the specification calls the octet that tells them apart
    least   the smallest count
    """

    template = b"%b"

    def __init__(
        self,
        count: str,
        *kinds: type[S],
        flag: str = "",
        least: int = 0,
        status: Status = Status.ESME_RINVCMDLEN,
        flag_status: Status = Status.ESME_RINVCMDLEN,
    ) -> None:
        super().__init__(status)
        self.count = count
        self.kinds = kinds
        self.flag = flag
        self.least = least
        self.flag_status = flag_status
        self.default = bytes((least,)) + kinds[0]().encode() * least

    def decode(self, value: bytes) -> tuple[S, ...]:
        """The entries in wire order."""
        found = []
        position = 1
        while position < len(value):
            kind, match = self._entry(value, position)
            assert match
            found.append(kind.from_octets(match.groups()))
            position = match.end()
        return tuple(found)

    def encode(self, value: Sequence[S]) -> bytes:
        """PduError for fewer entries than there must be, or more than 255."""
        if not self.least <= len(value) <= 0xFF:
            raise PduError(f"{self.count} is {len(value)}; it goes from {self.least} to 255", self.status)
        return bytes((len(value),)) + b"".join([entry.encode() for entry in value])

    def read(self, octets: bytes, position: int) -> Found | None:
        """The list that begins at `position`, as a regular expression would find it."""
        start = position
        if position >= len(octets) or octets[position] < self.least:
            return None
        position += 1
        for _ in range(octets[start]):
            _, match = self._entry(octets, position)
            if match is None:
                return None
            position = match.end()
        return _Run(position, (octets[start:position],))

    def explain(self, body: bytes, position: int) -> int:
        """PduError that names the entry, too, when it is one that breaks its layout."""
        if position >= len(body):
            raise PduError(f"the body ends before {self.count}", Status.ESME_RINVCMDLEN)
        number = body[position]
        if number < self.least:
            raise PduError(f"{self.count} is {number}; it goes from {self.least} to 255", self.status)
        position += 1
        for place in range(1, number + 1):
            try:
                position = self._explain_entry(body, position)
            except PduError as error:
                raise PduError(f"{self.name} {place} of {number}: {error.seen}", error.status) from error
        return position

    def _entry(self, octets: bytes, position: int) -> tuple[type[S], re.Match[bytes] | None]:
        for kind in self.kinds:
            if match := kind.match(octets, position):
                return kind, match
        return self.kinds[-1], None

    def _explain_entry(self, body: bytes, position: int) -> int:
        kind = self.kinds[0]
        if self.flag:
            if position >= len(body):
                raise PduError(f"the body ends before {self.flag}", Status.ESME_RINVCMDLEN)
            kinds = {kind.flag[0]: kind for kind in self.kinds}
            if body[position] not in kinds:
                known = " or ".join(map(str, kinds))
                raise PduError(f"{self.flag} is {body[position]}; it is {known}", self.flag_status)
            kind = kinds[body[position]]
            position += 1
        for field in kind.layout:
            position = field.explain(body, position)
        return position


class Found(Protocol):
    """What a reader answers: the part of `re.Match` that a PDU needs."""

    def end(self) -> int:
        """The position behind the last field."""

    def groups(self) -> tuple[bytes, ...]:
        """The octets of each field."""


class _Run:
    __slots__ = ("_end", "_groups")

    def __init__(self, end: int, groups: tuple[bytes, ...]) -> None:
        self._end = end
        self._groups = groups

    def end(self) -> int:
        return self._end

    def groups(self) -> tuple[bytes, ...]:
        return self._groups


Reader = Callable[[bytes, int], Found | None]


def reader(layout: Sequence[Field[Any]]) -> Reader:
    """What finds these fields at a position of a PDU: one regular expression, unless a list stands among them."""
    steps: list[Reader] = []
    run: list[Field[Any]] = []
    for field in layout:
        if isinstance(field, ListOf):
            steps += (_compiled(run), field.read)
            run = []
        else:
            run.append(field)
    return _chain([*steps, _compiled(run)]) if steps else _compiled(run)


def _compiled(fields: Sequence[Field[Any]], before: bytes = b"") -> Callable[[bytes, int], re.Match[bytes] | None]:
    return re.compile(before + b"".join(field.pattern for field in fields), re.DOTALL).match


def _chain(steps: Sequence[Reader]) -> Reader:
    def read(octets: bytes, position: int) -> Found | None:
        groups: tuple[bytes, ...] = ()
        for step in steps:
            found = step(octets, position)
            if found is None:
                return None
            groups += found.groups()
            position = found.end()
        return _Run(position, groups)

    return read
