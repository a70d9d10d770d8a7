"""A phone with its SIM: what it shows, what it has received, and what its user can do. Every kind of handset has one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import msgspec

from ussd_gateway.coding.data_coding import DEFAULT_ALPHABETS, GSM7, Alphabet
from ussd_gateway.coding.national import Language
from ussd_gateway.coding.segments import MAX_PAYLOAD, LongForm, Reassembler, parse_udh, segments_needed, split
from ussd_gateway.coding.user_data import septets_or_octets, text_of
from ussd_gateway.gateway import Gateway
from ussd_gateway.network.address import MmiKind, classify
from ussd_gateway.network.message import (
    ANSWER,
    ASK,
    BEGIN,
    END,
    HANG_UP,
    NOTIFY,
    RELEASE,
    UDHI,
    Message,
    Sms,
    Ussd,
)
from ussd_gateway.network.party import Party
from ussd_gateway.network.session import Outcome
from ussd_gateway.patterns import compiled, search

INBOX_LIMIT = 1000  # messages that a phone remembers; GET /messages finds the older ones
UNREAD_LIMIT = 15  # screens before the last one that nobody has looked at
PARTS_LIMIT = 100  # long messages of which a phone has some parts
NOT_USSD = "not_ussd"  # the outcome of a dialled string that a phone does not send as USSD

AWAITING, ENDED = "awaiting_answer", "ended"


class NotAskedError(Exception):
    """The user typed an answer, but nothing is asked; `members` tell how the last dialogue ended."""

    def __init__(self, message: str, last: Screen | None) -> None:
        super().__init__(message)
        self.members = {"state": ENDED, "outcome": last.outcome} if last else {}


class Screen(str):
    """What the phone shows: its text, and with it

    session      str; the id of the dialogue, "" for what never was one
    state        "awaiting_answer" or "ended"
    outcome      str; how the dialogue ended, "" while it goes on
    data_coding  int; the CBS data coding scheme of the text
    """

    __slots__ = ("data_coding", "outcome", "session", "state")

    session: str
    state: str
    outcome: str
    data_coding: int

    def __new__(
        cls, text: str, *, session: str = "", state: str = ENDED, outcome: str = "", data_coding: int = 15
    ) -> Screen:
        """A screen with this text."""
        screen = super().__new__(cls, text)
        screen.session, screen.state, screen.outcome, screen.data_coding = session, state, outcome, data_coding
        return screen

    @property
    def awaiting(self) -> bool:
        """Whether the phone asks for an answer."""
        return self.state == AWAITING


class InboxSms(msgspec.Struct, eq=False, gc=False):
    """An SMS as the phone shows it: one text, however many parts it came in.

    sms          the part that came last
    received_at  float; when it came
    missing      tuple of int; the parts that have not come, () for a whole message
    """

    sms: Sms
    received_at: float
    _segments: tuple[Sms, ...] = ()
    missing: tuple[int, ...] = ()

    @property
    def segments(self) -> tuple[Sms, ...]:
        """The parts that came, in the order of the text."""
        return self._segments or (self.sms,)

    @property
    def content(self) -> bytes:
        """The octets of the text, of all parts, without their headers."""
        return b"".join(sms.content for sms in self.segments)

    @property
    def parts(self) -> int:
        """How many parts it has; for a long one that an ESME submitted whole, as many as a phone would have got."""
        if len(self.segments) > 1 or self.missing:
            return len(self.segments) + len(self.missing)
        user_data = self.segments[0].user_data
        return segments_needed(septets_or_octets(user_data), user_data.alphabet, user_data.header.length)

    @property
    def id(self) -> str:
        """The message_id."""
        return self.sms.message_id

    @property
    def sender(self) -> str:
        """Where it says it is from."""
        return self.sms.source

    @property
    def data_coding(self) -> int:
        """As in SMPP 3.4 section 5.2.19; of the first part, should they differ."""
        return self.segments[0].data_coding

    @property
    def alphabet(self) -> Alphabet:
        """The alphabet, of the first part."""
        return self.segments[0].user_data.alphabet

    @property
    def text(self) -> str:
        """The text, decoded now: each part by its own data_coding, header and packing."""
        if len(self.segments) == 1:
            return self.segments[0].text
        return text_of(sms.user_data for sms in self.segments)


class Handset:
    """One phone. An endpoint of the network: `deliver` is what arrives, the other methods are what its user does."""

    __slots__ = (
        "_dialogues",
        "_gateway",
        "_heard",
        "_reassembler",
        "_reference",
        "_unread",
        "_waiters",
        "arrived",
        "inbox",
        "msisdn",
        "remote",
        "screen",
    )

    def __init__(self, msisdn: str, gateway: Gateway) -> None:
        self.msisdn = msisdn
        self.inbox: deque[InboxSms] = deque(maxlen=INBOX_LIMIT)
        self.arrived = 0  # messages ever received; the inbox holds the last of them
        self.screen: Screen | None = None  # what is shown
        self.remote: Callable[[Ussd], None] | None = None  # the link through which its user dials, if any
        self._gateway = gateway
        self._unread: list[Screen] = []  # what nobody has looked at
        self._heard: list[Screen] | None = None  # what comes while the phone is speaking to the network
        self._dialogues: dict[str, asyncio.Future[Screen]] = {}  # who waits for the next screen, by session
        self._waiters: list[asyncio.Future[None]] = []
        self._reassembler: Reassembler[InboxSms] | None = None  # made when the first part comes
        self._reference = 0

    @property
    def party(self) -> Party:
        """The network's entry for this phone."""
        party = self._gateway.directory.party(self.msisdn)
        assert party is not None, f"{self.msisdn} is not in the directory"
        return party

    # What arrives --------------------------------------------------------------------------------------------------

    def deliver(self, message: Message) -> None:
        """The network hands over an SMS or a USSD message."""
        if isinstance(message, Sms):
            self.remember(message, self._gateway.clock.now())
        elif isinstance(message, Ussd):
            self._show(_screen(message, open_session=self.party.session is not None))
            if self.remote:
                self.remote(message)
        if self._waiters:
            self._wake()

    def remember(self, sms: Sms, received_at: float) -> None:
        """Put a message into the inbox, or a part with the others of its kind until all have come."""
        received = InboxSms(sms, received_at)
        if sms.concatenation is not None:
            if self._reassembler is None:
                self._reassembler = Reassembler(PARTS_LIMIT, _same_octets)
            parts = self._reassembler.add(sms.source, sms.concatenation, received)
            if parts is None:
                return
            received = InboxSms(sms, received_at, tuple(part.sms for part in parts))
        self.arrived += 1
        self.inbox.append(received)

    def _show(self, screen: Screen) -> None:
        refused = screen.outcome and self.awaiting and self.screen is not None and screen.session != self.screen.session
        if not refused:  # a refused dial leaves the dialogue that is open on the screen
            self.screen = screen
            self._unread = [*self._unread[-UNREAD_LIMIT:], screen]
        if not (screen.awaiting or screen.outcome):  # a notice within a dialogue
            return
        if self._heard is not None:
            self._heard.append(screen)
        if (waiting := self._dialogues.pop(screen.session, None)) and not waiting.done():
            waiting.set_result(screen)

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def changed(self) -> None:
        """Returns when something has arrived, or the user has hung up."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    # What the user does --------------------------------------------------------------------------------------------

    async def dial(self, code: str) -> Screen:
        """Dial and press the green key; the first screen that asks or ends. AddressError for what no phone can dial."""
        mmi = classify(code)
        if mmi.kind is not MmiKind.USSD:
            screen = Screen(mmi.explanation, outcome=NOT_USSD)
            if not self.awaiting:
                self.screen = screen
            return screen
        return await self._say(Ussd(BEGIN, mmi.dialled, msisdn=self.msisdn))

    async def answer(self, text: str) -> Screen:
        """Type an answer; the next screen. NotAskedError when nothing is asked, and nothing has happened unseen."""
        if not self.awaiting:
            ended = next((screen for screen in self._unread if screen.outcome), None)
            if ended is not None:  # the network ended the dialogue while the user was typing
                self._unread.clear()
                return ended
            how = f"; the last dialogue ended with {self.screen.outcome}" if self.screen else ""
            raise NotAskedError(f"{self.msisdn} is asked nothing{how}; dial first", self.screen)
        return await self._say(Ussd(ANSWER, text, msisdn=self.msisdn))

    def hang_up(self) -> None:
        """Cancel the dialogue, or put away the last screen."""
        session = self.party.session
        if session is None:
            self.screen = None
            self._unread.clear()
            return
        self._gateway.submit(Ussd(HANG_UP, msisdn=self.msisdn))
        # As the network says it where the next dial hangs up: whoever waits for a screen, also far away, waits in vain
        self.deliver(Ussd(RELEASE, msisdn=self.msisdn, session=session.id, outcome=Outcome.DIALOG_USER_ABORT.value))

    def send(
        self,
        to: str,
        text: str,
        *,
        long: LongForm = LongForm.UDH8,
        alphabet: Alphabet | None = None,
        language: Language | None = None,
    ) -> list[Sms]:
        """Send an SMS, in as many parts as it takes; the options and the mistakes are those of `segments.split`."""
        self._reference = self._reference % 255 + 1
        destination = _number(to)
        receiver = self._gateway.directory.party(destination)
        segments = split(
            text,
            reference=self._reference,
            long=long,
            alphabet=alphabet,
            language=language,
            default=receiver.default_alphabet if receiver else GSM7,
        )
        return self._submit(
            Sms(
                self.msisdn,
                destination,
                segment.user_data,
                segment.data_coding,
                esm_class=UDHI if segment.udh else 0,
                concatenation=segment.concatenation,
                default_alphabet=GSM7 if segment.data_coding else segment.alphabet,
            )
            for segment in segments
        )

    def send_octets(
        self, to: str, octets: bytes, data_coding: int, *, udh: bytes = b"", default: Alphabet = GSM7
    ) -> Sms:
        """Send one SMS with these octets, whatever they are.

        udh      bytes; the user data header, its length octet included
        default  what data_coding 0 means, one of DEFAULT_ALPHABETS

        ValueError: the octets are more than message_payload holds, data_coding is no octet, or nothing goes by the name
        of `default`.
        """
        if len(udh + octets) > MAX_PAYLOAD:
            raise ValueError(f"there are {len(udh + octets)} octets; message_payload holds {MAX_PAYLOAD}")
        if not 0 <= data_coding <= 0xFF:
            raise ValueError(f"data_coding is {data_coding}; it can be 0 to 255")
        if default not in DEFAULT_ALPHABETS:
            raise ValueError(f"data_coding 0 never means {default}; it can mean {', '.join(DEFAULT_ALPHABETS)}")
        (sms,) = self._submit(
            (
                Sms(
                    self.msisdn,
                    _number(to),
                    udh + octets,
                    data_coding,
                    esm_class=UDHI if udh else 0,
                    concatenation=parse_udh(udh)[0],
                    default_alphabet=default,
                ),
            )
        )
        return sms

    def _submit(self, messages: Iterable[Sms]) -> list[Sms]:
        messages = list(messages)
        party = self._gateway.directory.subscriber(self.msisdn)
        if party is None:
            raise NotAttachedError(f"{self.msisdn} is no subscriber, and network.auto_provision is off")
        if not party.attached:
            raise NotAttachedError(f"{self.msisdn} is not attached to the network; it cannot send")
        for sms in messages:
            self._gateway.submit(sms)
        return messages

    @property
    def awaiting(self) -> bool:
        """Whether the phone asks its user something."""
        return self.screen is not None and self.screen.awaiting

    @property
    def has_news(self) -> bool:
        """Whether there is a screen that nobody has seen, or one that wants an answer."""
        return bool(self._unread) or self.awaiting

    def look(self) -> Screen | None:
        """The screen shown now."""
        self._unread.clear()
        return self.screen

    def received(
        self, *, after: str = "", sender: str = "", match: str = "", incomplete: bool = False
    ) -> Iterator[InboxSms]:
        """The messages in the order of their arrival; `after` an id, from a sender, with a text that a pattern finds.

        incomplete  instead, the long messages of which parts are missing, with the text of those that came

        ValueError for a pattern that is none.
        """
        if after and not (after.isascii() and after.isdigit()):
            raise ValueError(f"after={after}: write the id of a message")
        if match:
            _check(match)
        messages = list(self._incomplete() if incomplete else self.inbox)
        places = [place for place, message in enumerate(messages) if message.id == after]
        if places:
            messages = messages[places[0] + 1 :]
        elif after:  # it is not there any more
            messages = [message for message in messages if message.id > after.zfill(len(message.id))]
        for message in messages:
            if (not sender or message.sender == sender) and (not match or search(match, message.text)):
                yield message

    def _incomplete(self) -> Iterator[InboxSms]:
        for total, parts in self._reassembler.unfinished() if self._reassembler else ():
            last = next(reversed(parts.values()))
            missing = tuple(number for number in range(1, total + 1) if number not in parts)
            yield InboxSms(last.sms, last.received_at, tuple(parts[number].sms for number in sorted(parts)), missing)

    def empty(self) -> None:
        """Forget every message, and the parts of those that are not whole."""
        self.inbox.clear()
        self._reassembler = None

    def clear(self) -> None:
        """Forget everything; `POST /reset` asks for it."""
        self.empty()
        self.screen = None
        self._unread.clear()
        for waiting in self._dialogues.values():
            if not waiting.done():
                waiting.set_exception(
                    NotAskedError(f"the gateway was reset while {self.msisdn} waited; dial again", None)
                )
        self._dialogues.clear()
        self._wake()

    async def _say(self, message: Ussd) -> Screen:
        """Submit, and wait for the screen of that dialogue which asks or ends."""
        self._unread.clear()
        self._heard = []
        try:
            self._gateway.submit(message)
            at_once = [screen for screen in self._heard if screen.session == message.session]
        finally:
            self._heard = None
        if at_once:
            screen = at_once[-1]
        else:
            waiting = self._dialogues[message.session] = asyncio.get_running_loop().create_future()
            screen = await waiting
        self._unread = [unread for unread in self._unread if unread is not screen]
        return screen


def _same_octets(one: InboxSms, other: InboxSms) -> bool:
    return one.sms.octets == other.sms.octets


def _number(to: str) -> str:
    number = to.strip().removeprefix("+")
    if not (number.isascii() and number.isdigit()):
        raise ValueError(f"{to!r} is no number to send to; write its digits")
    return number


def _check(match: str) -> None:
    try:
        compiled(match)
    except ValueError as error:
        raise ValueError(f"match={match}: {error}") from error


class NotAttachedError(Exception):
    """The phone is switched off or out of reach."""


def _screen(message: Ussd, *, open_session: bool) -> Screen:
    outcome = message.outcome
    if message.operation is END or (message.operation is NOTIFY and not open_session):
        outcome = Outcome.SUCCESS.value
    return Screen(
        message.text,
        session=message.session,
        state=AWAITING if message.operation is ASK else ENDED,
        outcome=outcome,
        data_coding=message.data_coding,
    )
