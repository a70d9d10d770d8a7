"""Handsets over HTTP: dial, answer, hang up, read and send SMS, switch on and off (docs/http.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Literal, Protocol

from aiohttp import web
from pydantic import Field, field_validator, model_validator

from ussd_gateway.clock import iso
from ussd_gateway.coding.data_coding import GSM7, Alphabet
from ussd_gateway.coding.national import LOCKING, SINGLE, Language
from ussd_gateway.coding.segments import LongForm
from ussd_gateway.gateway import Gateway
from ussd_gateway.handsets.handset import Handset, InboxSms, Screen
from ussd_gateway.http import body
from ussd_gateway.http.route import Route
from ussd_gateway.network.address import AddressError
from ussd_gateway.network.message import ASK, NOTIFY, Message, Sms, Ussd

_LONGEST_NUMBER = 20  # the digits that source_addr takes (SMPP 3.4 section 4.4.1)


class Languages(Protocol):
    """Where the language of a SIM's service texts is kept."""

    def language(self, msisdn: str) -> str:
        """The language: ru, en or latin."""

    def set_language(self, msisdn: str, language: str) -> None:
        """Keep another one."""


class Menus(Protocol):
    """The menus, whose screens can be pushed."""

    async def push_screen(
        self, code: str, msisdn: str, screen: str, variables: Mapping[str, object]
    ) -> tuple[str, str]:
        """Begin a dialogue on a screen of the menu behind the code: its session, and the outcome once it has ended.

        ValueError that says what there is where nothing is behind the code, or there is no such screen.
        """


class DialOrAnswer(body.Body):
    """`POST .../ussd`."""

    dial: str | None = None
    answer: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> DialOrAnswer:
        if (self.dial is None) is (self.answer is None):
            raise ValueError('give either "dial" or "answer"')
        return self


class Outgoing(body.Body):
    """`POST .../sms`."""

    to: str = Field(min_length=1, max_length=_LONGEST_NUMBER)
    text: str | None = None
    long: LongForm | None = None
    alphabet: Alphabet | None = None
    language: Literal[tuple(language.name.lower() for language in Language)] | None = None  # type: ignore[valid-type]
    octets: bytes | None = None
    data_coding: int = 0
    udh: bytes = b""

    @field_validator("octets", "udh", mode="before")
    @classmethod
    def _from_hexadecimal(cls, value: object) -> bytes:
        try:
            return bytes.fromhex(str(value))
        except ValueError:
            raise ValueError(f"{value!r} is not hexadecimal") from None

    @model_validator(mode="after")
    def _text_or_octets(self) -> Outgoing:
        if (self.text is None) is (self.octets is None):
            raise ValueError('give either "text" or "octets"')
        of_the_other = ("long", "language") if self.text is None else ("data_coding", "udh")
        if superfluous := self.model_fields_set.intersection(of_the_other):
            which, other = ("octets", "text") if self.text is None else ("text", "octets")
            raise ValueError(f"{sorted(superfluous)[0]} goes with {other}, not with {which}")
        return self


class HandsetChange(body.Body):
    """`PUT /handsets/{msisdn}`."""

    attached: bool | None = None
    memory_full: bool | None = None
    busy: bool | None = None
    language: Literal["ru", "en", "latin"] | None = None


class Push(body.Body):
    """`POST .../push`."""

    sender: str = Field(alias="from", min_length=1)
    text: str | None = None
    kind: Literal["request", "notify"] = "notify"
    screen: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _text_or_screen(self) -> Push:
        if (self.text is None) is (self.screen is None):
            raise ValueError('give either "text" or "screen"')
        of_the_other = "variables" if self.screen is None else "kind"
        if of_the_other in self.model_fields_set:
            raise ValueError(f"{of_the_other} goes with {'screen' if self.screen is None else 'text'}")
        return self


class HandsetsApi:
    """The routes below /api/v1/handsets. `closing` is set when long waits have to end."""

    def __init__(self, gateway: Gateway, languages: Languages, menus: Menus, closing: asyncio.Event) -> None:
        self._gateway = gateway
        self._languages = languages
        self._menus = menus
        self._closing = closing

    def routes(self) -> Sequence[Route]:
        """The rows of the API."""
        one = "/api/v1/handsets/{msisdn}"
        wait = "seconds to wait for news, at most 300"
        inbox = {"after": "an id", "from": "a sender", "match": "a regular expression", "wait": wait}
        inbox["incomplete"] = "true: the long messages of which parts are missing"
        return (
            Route("GET", "/api/v1/handsets", self.list),
            Route("GET", one, self.read),
            Route("PUT", one, self.change, HandsetChange),
            Route("POST", f"{one}/ussd", self.dial_or_answer, DialOrAnswer, answers={200: "The screen"}),
            Route("GET", f"{one}/ussd", self.look, None, {"wait": wait}, {200: "The screen", 204: "None is shown"}),
            Route("DELETE", f"{one}/ussd", self.hang_up, answers={204: "Done"}),
            Route("GET", f"{one}/sms", self.inbox, None, inbox, {200: "Messages in the order of their arrival"}),
            Route("POST", f"{one}/sms", self.send, Outgoing, answers={202: "The message, once it is kept"}),
            Route("DELETE", f"{one}/sms", self.empty, answers={204: "Done"}),
            Route("POST", f"{one}/push", self.push, Push, answers={202: "The dialogue that it began"}),
        )

    async def list(self, request: web.Request) -> web.Response:
        """Every handset that the network knows."""
        phones = [party.endpoint for party in self._gateway.directory.handsets()]
        states = [self._state(phone) for phone in phones if isinstance(phone, Handset)]
        return body.answer({"handsets": sorted(states, key=lambda state: str(state["msisdn"]))})

    async def read(self, request: web.Request) -> web.Response:
        """One handset."""
        return body.answer(self._state(self._of(request)))

    async def change(self, request: web.Request) -> web.Response:
        """Attach or detach, fill or empty its memory, begin or end a call, choose a language."""
        handset = self._of(request)
        change = await body.read(request, HandsetChange)
        party = handset.party
        if change.language is not None:
            self._languages.set_language(handset.msisdn, change.language)
        if change.memory_full is not None:
            self._gateway.memory_full(party, change.memory_full)
        if change.busy is not None:
            self._gateway.busy(party, change.busy)
        if change.attached is True:
            self._gateway.attach(party)
        elif change.attached is False:
            self._gateway.detach(party)
        await self._gateway.committed()
        return body.answer(self._state(handset))

    async def dial_or_answer(self, request: web.Request) -> web.Response:
        """Dial a code or answer what is asked; waits for the application."""
        handset = self._of(request)
        said = await body.read(request, DialOrAnswer)
        if said.dial is not None:
            screen = await handset.dial(said.dial)
        else:
            screen = await handset.answer(said.answer or "")
        return body.answer(_screen(screen))

    async def look(self, request: web.Request) -> web.Response:
        """The screen shown now; with `wait`, the next one if there is no news."""
        handset = self._of(request)
        wait = body.seconds(request)
        if wait and not handset.has_news:
            await self._until_changed(handset, wait, lambda: handset.has_news)
            if not handset.has_news:
                return web.Response(status=204)
        screen = handset.look()
        return web.Response(status=204) if screen is None else body.answer(_screen(screen))

    async def hang_up(self, request: web.Request) -> web.Response:
        """The user hangs up, or puts the last screen away."""
        self._of(request).hang_up()
        await self._gateway.committed()
        return web.Response(status=204)

    async def inbox(self, request: web.Request) -> web.Response:
        """The messages that fit; with `wait`, returns as soon as there is one."""
        handset = self._of(request)
        wait = body.seconds(request)
        query = {name: request.query.get(name, "") for name in ("after", "match")}
        sender = request.query.get("from", "").strip().removeprefix("+")
        incomplete = body.yes(request, "incomplete")

        def fitting() -> list[InboxSms]:
            return list(handset.received(sender=sender, incomplete=incomplete, **query))

        found = fitting()
        if not found and wait:
            await self._until_changed(handset, wait, lambda: bool(fitting()))
            found = fitting()
        return body.answer({"messages": [_sms(handset, sms) for sms in found]})

    async def send(self, request: web.Request) -> web.Response:
        """Send an SMS from the handset."""
        handset = self._of(request)
        outgoing = await body.read(request, Outgoing)
        if outgoing.text is None:
            default = outgoing.alphabet or GSM7
            octets = outgoing.octets or b""
            sent = [handset.send_octets(outgoing.to, octets, outgoing.data_coding, udh=outgoing.udh, default=default)]
        else:
            sent = handset.send(
                outgoing.to,
                outgoing.text,
                long=outgoing.long or LongForm.UDH8,
                alphabet=outgoing.alphabet,
                language=Language[outgoing.language.upper()] if outgoing.language else None,
            )
        await self._gateway.committed()
        shown = _content(InboxSms(sent[0], sent[0].submitted_at, tuple(sent)))
        parts = {"parts": len(sent), "submitted_at": iso(sent[0].submitted_at)}
        return body.answer(
            {"id": sent[0].message_id, "from": handset.msisdn, "to": sent[0].destination} | shown | parts, status=202
        )

    async def empty(self, request: web.Request) -> web.Response:
        """Empty the inbox."""
        self._of(request).empty()
        return web.Response(status=204)

    async def push(self, request: web.Request) -> web.Response:
        """The network begins a dialogue with the handset: with a text, or on a screen of a menu."""
        msisdn = self._of(request).msisdn
        push = await body.read(request, Push)
        if push.screen is not None:
            session, outcome = await self._menus.push_screen(push.sender, msisdn, push.screen, push.variables)
            self._gateway.record(
                "network.pushed",
                session=session or None,
                msisdn=msisdn,
                service_code=push.sender,
                screen=push.screen,
                variables=sorted(push.variables),
            )
        else:
            asks = push.kind == "request"
            session, outcome = push_text(self._gateway, msisdn, push.text or "", push.sender, asks=asks)
        await self._gateway.committed()
        state = "ended" if outcome else "awaiting_answer"
        return body.answer({"session": session or None, "state": state, "outcome": outcome or None}, status=202)

    def _of(self, request: web.Request) -> Handset:
        return self._handset(request.match_info["msisdn"].strip().removeprefix("+"))

    def _handset(self, number: str) -> Handset:
        if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
            raise AddressError(f"{number!r} is no number; write its digits, such as 70001000001")
        endpoint = self._gateway.directory.recipient(number).endpoint
        if not isinstance(endpoint, Handset):
            raise AddressError(f"{number} belongs to an ESME, not to a handset")
        return endpoint

    def _state(self, handset: Handset) -> dict[str, object]:
        party = handset.party
        return {
            "msisdn": handset.msisdn,
            "attached": party.attached,
            "memory_full": party.memory_full,
            "busy": party.busy,
            "language": self._languages.language(handset.msisdn),
            "subscriber": party.home,
            "session": party.session.id if party.session else None,
            "received": handset.arrived,
            "waiting": len(party.waiting),
        }

    async def _until_changed(self, handset: Handset, seconds: float, done: Callable[[], bool]) -> None:
        """Until `done()`, the time is over, or the gateway closes; real time, also under a virtual clock."""
        closing = asyncio.create_task(self._closing.wait())
        try:
            async with asyncio.timeout(seconds):
                while not done() and not self._closing.is_set():
                    changed = asyncio.create_task(handset.changed())
                    try:
                        await asyncio.wait((changed, closing), return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        changed.cancel()
        except TimeoutError:
            pass
        finally:
            closing.cancel()


def push_text(gateway: Gateway, msisdn: str, text: str, code: str, *, asks: bool) -> tuple[str, str]:
    """The network shows a text that nobody asked for: its session, and the outcome once that has ended."""
    pusher = _Pusher(gateway)
    message = Ussd(ASK if asks else NOTIFY, text, msisdn=msisdn, service_code=code)
    gateway.push(message, pusher)
    gateway.record("network.pushed", session=message.session, msisdn=msisdn, service_code=code, asks=asks, text=text)
    return message.session, pusher.outcome


class _Pusher:
    """The application behind a push: takes one answer and ends the dialogue."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.outcome = ""

    def deliver(self, message: Message) -> None:
        """The answer, or how the dialogue ended."""
        assert isinstance(message, Ussd)
        if message.outcome:
            self.outcome = message.outcome
        elif message.operation == "answer":
            self._gateway.submit(message.end())


def _screen(screen: Screen) -> dict[str, object]:
    return {
        "session": screen.session or None,
        "state": screen.state,
        "text": str(screen),
        "data_coding": screen.data_coding,
        "outcome": screen.outcome or None,
    }


def _sms(handset: Handset, sms: InboxSms) -> dict[str, object]:
    return (
        {"id": sms.id, "from": sms.sender, "to": handset.msisdn}
        | _content(sms)
        | {"parts": sms.parts, "missing": sms.missing, "received_at": iso(sms.received_at)}
    )


def _content(sms: InboxSms) -> dict[str, object]:
    return {
        "text": sms.text,
        "data_coding": sms.data_coding,
        "alphabet": sms.alphabet,
        "octets": sms.content.hex(),
        "segments": [_segment(segment) for segment in sms.segments],
    }


def _segment(sms: Sms) -> dict[str, object]:
    user_data = sms.user_data
    header = user_data.header
    place = sms.concatenation
    return {
        "id": sms.message_id,
        "octets": sms.octets.hex(),
        "esm_class": sms.esm_class,
        "data_coding": sms.data_coding,
        "alphabet": user_data.alphabet,
        "udh": sms.octets[: header.length].hex(),
        "reference": place.reference if place else None,
        "reference_bits": place.reference_bits if place else None,
        "sequence": place.sequence if place else 1,
        "total": place.total if place else 1,
        "single_shift": _language(header.single, SINGLE),
        "locking_shift": _language(header.locking, LOCKING),
    }


def _language(identifier: int, tables: Container[int]) -> str | None:
    return Language(identifier).name.lower() if identifier in tables else None
