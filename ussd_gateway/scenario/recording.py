"""A script made of what happened on a gateway: events, as GET /api/v1/events tells them, become steps. No I/O.

Each event makes items: what a person did, or what arrived at somebody. When all have come, pauses become waits
(`pauses`), values that went from one to another become captures (`values`), numbers become names.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any

from ussd_gateway.coding.data_coding import SMS_DATA_CODINGS, encode_sms
from ussd_gateway.network.message import MessageState
from ussd_gateway.network.session import Outcome
from ussd_gateway.scenario import model
from ussd_gateway.scenario.drafting import BY_ANOTHER, Draft, drafted
from ussd_gateway.scenario.language import ENCODINGS
from ussd_gateway.scenario.model import Action, Expected, Field, Text
from ussd_gateway.scenario.pauses import Item, with_waits
from ussd_gateway.scenario.secrets import MASK
from ussd_gateway.scenario.values import hide, hides
from ussd_gateway.smpp.receipts import WORDS
from ussd_gateway.smpp.status import Status

_LANGUAGE = "ru"  # which phones speak where nothing else is said
_SHORT = 7  # digits; a shorter number that sends is no phone's
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_NOT_FOR_BROWSERS = ("/api/", "/aggregators/", "/ussd/", "/metrics", "/healthz", "/readyz")
_WITH_BODY = ("POST", "PUT", "PATCH")
_METHODS = (*_WITH_BODY, "GET", "DELETE")
_PLAIN = (str, int, float)  # kinds of values that a field of a body can say
_LOST = ("drop", "half_open")  # faults that swallow a request
_PARAMETER = re.compile(rf"(?<=[?&])([\w-]+=){re.escape(MASK)}(?![^&])")
_UNSAID: Any = {"line": 0, "sentence": ""}  # of a step that nobody has written

CHECK_CODE = "captcha"
_IN_A_FIELD = r'name="NAME" value="(?P<NAME>[^"]+)"'
_ON_THE_PAGE = {CHECK_CODE: r'name="captcha-answer" content="(?P<NAME>[^"]+)"'}
"""Where a page has the value of a field; in a field of its own where nothing else is said."""

_PREFIXES = {"ask": "CON ", "end": "END "}
_REPLIES: Mapping[str, Mapping[str, Any]] = {
    Outcome.APP_TIMEOUT: {"reply": Text("END "), "time": 11.0},
    Outcome.BAD_ANSWER: {"reply": Text("?")},
    Outcome.EMPTY_ANSWER: {"reply": Text("END ")},
    Outcome.TEXT_TOO_LONG: {"reply": Text("END " + "0123456789" * 20)},
    Outcome.HTTP_ERROR: {"reply": Text("?"), "http_status": 500},
    Outcome.UNREACHABLE: {"reply": None},
}
"""How an application that speaks africas_talking brings about an outcome."""

_UNSAYABLE = {
    "sms.replaced": "an ESME rewrote a message that was under way (replace_sm)",
    "esme.broadcast": "an ESME broadcast a message",
    "esme.unparsed_pdu": "an ESME sent a PDU that cannot be read",
    "esme.generic_nack": "an ESME answered with generic_nack",
    "esme.lost_stream": "an ESME sent what is no PDU",
    "handset.busy": "a phone was in a call",
    "menu.reloaded": "a menu was changed meanwhile",
    "link.bound": "another SMSC was bound to",
}
"""Events that no sentence tells."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of the gateway that is recorded.

    virtual     bool; its clock is moved by hand
    utc_offset  float; the hours that the operator's time is ahead of UTC
    inner       the system_ids of the gateway's own ESMEs
    constant    short numbers and the like, which texts may name
    faults      the rules in force when the recording begins
    handsets    by number, those that there are then, as GET /handsets tells them
    answers     which codes are not answered by menus and the like, but by an "esme" or what is behind a "url"
    """

    virtual: bool
    utc_offset: float = 0.0
    inner: frozenset[str] = frozenset({"selfcare"})
    constant: frozenset[str] = frozenset()
    faults: Sequence[Mapping[str, Any]] = ()
    handsets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Letter:
    """An SMS, in one part or several, and what became of it."""

    sender: str
    to: str
    to_esme: str
    total: int
    at: float
    texts: dict[int, str] = field(default_factory=dict)
    arrived: set[int] = field(default_factory=set)
    item: Item | None = None  # with which its phone sent it

    @property
    def text(self) -> str:
        """As far as its parts have come."""
        return "".join(self.texts[number] for number in sorted(self.texts))


class Recording:
    """Takes events one after the other; `draft` can be asked at any time.

    pauses  float; seconds: under a real clock a pause as long as that is kept
    """

    def __init__(self, place: Place, *, pauses: float) -> None:
        self._place = place
        self._pauses = pauses
        self._clear()

    def _clear(self) -> None:
        self._items: list[Item] = []
        self._first: list[Item] = []  # how it was when the recording began
        self._at = self._until = 0.0
        self._number = 0
        self._unrecorded: Counter[str] = Counter()
        self._known: set[str] = set()  # sessions of which the beginning is recorded
        self._open: dict[str, str] = {}  # the session that is open on a phone
        self._with_esmes: dict[str, Item] = {}  # dials to ESMEs that have said nothing so far, by session
        self._unsayable: set[str] = set()  # sessions that no sentence tells
        self._dialling: dict[str, Item] = {}  # phones that wait for a screen, and for what they do
        self._pushes: dict[str, Item] = {}  # screens that nobody has asked for so far, by session
        self._screens = 0
        self._letters: dict[str, tuple[_Letter, int]] = {}  # and which part of it, by message_id
        self._submitted: dict[str, Item] = {}  # ... of ESMEs
        self._incomplete: dict[tuple[Any, ...], _Letter] = {}
        self._ids: list[str] = []  # captures of message_ids
        self._bound: set[str] = set()
        self._unanswered: set[str] = set()  # ESMEs whose next submission gets no response
        handsets = self._place.handsets
        self._off = {number: not handset["attached"] for number, handset in handsets.items()}
        self._full = {number: bool(handset["memory_full"]) for number, handset in handsets.items()}
        self._there_since: dict[str, float] = {}  # phones that could not receive before
        self._faults = list(self._place.faults)
        self._redirected: dict[str, str] = {}  # where a browser goes by itself
        self._forms: dict[str, Sequence[str]] = {}  # what the forms of the page that a browser shows carry along
        self._wrong_code = 0  # the number of the event that told of a wrong check code
        self._applications: set[str] = set()  # codes that the script answers itself
        self._hidden = 0
        for rule in reversed(self._faults):
            self._begin_with(model.Fault(rule=rule, **_UNSAID))

    def __len__(self) -> int:
        return len(self._first) + len(self._items)

    def take(self, number: int, kind: str, told: Mapping[str, Any]) -> None:
        """An event: its number, its name, and what it says, as the stream has it."""
        if kind == "gap":
            self._leave_out(f"{told['missing']} events are kept no more")
            return
        self._number = number
        self._at = max(self._at, datetime.fromisoformat(told["at"]).timestamp())
        if kind in _UNSAYABLE:
            self._leave_out(_UNSAYABLE[kind])
        elif taken := _TAKEN.get(kind):
            taken(self, told)

    # Phones --------------------------------------------------------------------------------------------------------

    def _begin(self, told: Mapping[str, Any]) -> None:
        phone, session, code = told["msisdn"], told["session"], told["service_code"]
        if self._place.answers.get(code) == "url" and code not in self._applications:
            self._leave_out(f"what is behind the URL at {code}: it has to be there when the script is played")
        self._known.add(session)
        self._open.setdefault(phone, session)
        dial = self._dialling[phone] = self._do(model.Dial(phone=phone, code=self._text(told), **_UNSAID))
        if self._place.answers.get(code) == "esme":
            self._with_esmes[session] = dial

    def _answer(self, told: Mapping[str, Any]) -> None:
        if self._knows(told):
            step = model.Answer(phone=told["msisdn"], answer=self._text(told), **_UNSAID)
            self._dialling[told["msisdn"]] = self._do(step)

    def _hang_up(self, told: Mapping[str, Any]) -> None:
        if self._knows(told):
            self._close(told)
            self._dialling.pop(told["msisdn"], None)
            self._do(model.HangUp(phone=told["msisdn"], **_UNSAID))

    def _screen(self, told: Mapping[str, Any]) -> None:
        """The application, or the network, says something."""
        phone, session, operation = told["msisdn"], told["session"], told["operation"]
        outcome = told["outcome"] or ""
        if session in self._with_esmes and operation != "release":
            self._forget_dialogue(told)
            return
        refused = operation == "release" and self._open.get(phone, session) != session
        pushed = session not in self._known and operation in ("ask", "notify")
        if operation == "release" and session in self._pushes and outcome != "success":
            self._items.remove(self._pushes.pop(session))  # it did not get there
            return
        if operation == "release" and (refused or session in self._pushes or outcome == "success"):
            return  # the dialogue that is open stays on the screen; the end of a push is the application's to know
        if pushed:
            self._known.add(session)
        elif not self._knows(told):
            return
        if operation == "ask":
            self._open[phone] = session
        elif operation != "notify":
            self._close(told)
        open_still = operation == "ask" or (operation == "notify" and not pushed)
        state = model.AWAITING if operation == "ask" else "" if open_still else model.FINAL
        self._screens += 1
        text = self._text(told).source
        expected = _exactly(text)
        see = model.See(phone=phone, state=state, expected=expected, **_UNSAID)
        if not (state or expected):
            return
        answered = phone in self._dialling
        if operation != "notify":
            asked = self._dialling.pop(phone, None)
            if asked and told["service_code"] in self._applications:
                self._reply(told, text, asked)
        item = self._arrive(see, screen=self._screens, answered=answered)
        if pushed:
            self._pushes[session] = item
        if outcome:
            how = model.See(phone=phone, outcome=outcome, **_UNSAID)
            self._arrive(how, screen=self._screens, answered=answered)

    def _aborted(self, told: Mapping[str, Any]) -> None:
        """The release behind it tells the outcome; here it is seen whether an ESME did it."""
        if told["session"] in self._with_esmes and told["outcome"] in (None, "", Outcome.ABORT_APP):
            self._forget_dialogue(told)

    def _forget_dialogue(self, told: Mapping[str, Any]) -> None:
        """An ESME takes part in it, and no sentence tells what ESMEs say by USSD; that they say nothing can be told."""
        session = told["session"]
        dial = self._with_esmes.pop(session)
        self._items.remove(dial)
        if self._dialling.get(dial.step.phone) is dial:
            del self._dialling[dial.step.phone]
        self._close(told)
        self._known.discard(session)
        self._unsayable.add(session)
        self._leave_out(f"a dialogue with the ESME that answers {told['service_code']}")

    def _reply(self, told: Mapping[str, Any], text: str, asked: Item) -> None:
        """What was behind a URL meanwhile is the script when it is played, and speaks one dialect."""
        if told["operation"] in _PREFIXES:
            answer: Mapping[str, Any] = {"reply": Text(_PREFIXES[told["operation"]] + text)}
        elif told["outcome"] in _REPLIES:
            answer = _REPLIES[told["outcome"]]
        else:  # something else ended it
            return
        took = round(self._at - asked.at, 3)
        self._do(model.Reply(application=told["service_code"], **{"time": took, **answer}, **_UNSAID), before=asked)

    def _added(self, told: Mapping[str, Any]) -> None:
        self._applications.add(told["facts"]["service_code"])

    def _pushed(self, told: Mapping[str, Any]) -> None:
        """The screen that was just told came because somebody asked the network for it."""
        facts = told["facts"]
        phone, code = facts["msisdn"], facts["service_code"]
        seen = self._pushes.pop(facts["session"] or "", None)
        if facts.get("screen"):
            if facts.get("variables"):
                self._leave_out(f"the screen {facts['screen']} was pushed with variables")
                return
            body = model.Body(json=True, fields=(_field("from", code), _field("screen", facts["screen"])))
            url = Text(f"/api/v1/handsets/{phone}/push")
            step: Action = model.Request(browser="", method="POST", url=url, body=body, **_UNSAID)
        else:
            step = model.Push(phone=phone, text=Text(facts["text"]), code=Text(code), asks=facts["asks"], **_UNSAID)
        self._do(step, before=seen)

    def _attached(self, told: Mapping[str, Any]) -> None:
        phone = told["facts"]["msisdn"]
        if phone not in self._off:
            self._begin_with(model.Turn(phone=phone, on=False, **_UNSAID))
        self._off[phone], self._there_since[phone] = False, self._at
        self._do(model.Turn(phone=phone, on=True, **_UNSAID))

    def _detached(self, told: Mapping[str, Any]) -> None:
        phone = told["facts"]["msisdn"]
        self._off[phone] = True
        self._open.pop(phone, "")
        self._do(model.Turn(phone=phone, on=False, **_UNSAID))

    def _memory(self, told: Mapping[str, Any]) -> None:
        phone, full = told["facts"]["msisdn"], told["facts"]["full"]
        if not full and phone not in self._full:
            self._begin_with(model.Memory(phone=phone, full=True, **_UNSAID))
        self._full[phone], self._there_since[phone] = full, self._at
        self._do(model.Memory(phone=phone, full=full, **_UNSAID))

    def _language(self, told: Mapping[str, Any]) -> None:
        if told["facts"]["channel"] == "web":  # elsewhere a menu did what its user chose
            facts = told["facts"]
            self._do(model.Speak(phone=facts["msisdn"], language=facts["language"], **_UNSAID))

    def _knows(self, told: Mapping[str, Any]) -> bool:
        if told["session"] not in self._known | self._unsayable:
            self._leave_out("a dialogue was open when the recording began")
        return told["session"] in self._known

    def _close(self, told: Mapping[str, Any]) -> None:
        if self._open.get(told["msisdn"]) == told["session"]:
            del self._open[told["msisdn"]]

    # SMS, and ESMEs --------------------------------------------------------------------------------------------------

    def _sms(self, told: Mapping[str, Any]) -> None:
        part = told["part"] or {"reference": 0, "sequence": 1, "total": 1}
        key = (told["from"], told["to"], told["esme"], part["reference"], part["total"])
        letter = self._incomplete.get(key)
        text, esme = self._text(told).source, told["esme"] or ""
        if letter is None or (part["sequence"] in letter.texts and not esme):
            letter = _Letter(told["from"], told["to"], told.get("to_esme") or "", part["total"], self._at)
        letter.texts[part["sequence"]] = text
        self._letters[told["id"]] = letter, part["sequence"]
        if len(letter.texts) < letter.total:
            self._incomplete[key] = letter
        else:
            self._incomplete.pop(key, None)
        if esme and esme not in self._place.inner:
            place = model.Part(part["sequence"], part["total"]) if part["total"] > 1 else None
            item = self._submit(esme, told, text, place)
            self._submitted[told["id"]] = item
            if told.get("group"):
                item.guesses.append("this and others went to several at once (submit_multi)")
        elif not esme and len(letter.sender) >= _SHORT and letter.sender.isdecimal():  # else a menu sends it
            if letter.item is None:
                letter.item = self._do(
                    model.Send(phone=letter.sender, text=Text(""), number=Text(letter.to), **_UNSAID)
                )
            whole = letter.text
            said: Any = {"text": Text(whole), "encoding": self._encoding(told, whole)}
            letter.item.step = replace(letter.item.step, **said)
        if told["state"] == MessageState.DELIVERED.name:
            self._delivered(told["id"])

    def _submit(self, esme: str, told: Mapping[str, Any], text: str, part: model.Part | None = None) -> Item:
        """An ESME submits; what the event or its facts tell of the message is in `told`."""
        self._bind_before(esme)
        asked = told["registered_delivery"] & 3
        if asked > 1:
            self._leave_out(f"{esme} asked for receipts of failures or successes only (registered_delivery {asked})")
        status = told.get("command_status", "" if esme in self._unanswered else Status.ESME_ROK.name)
        self._unanswered.discard(esme)
        return self._do(
            model.Submit(
                esme=esme,
                part=part,
                text=Text(text),
                number=Text(told["to"]),
                sender=None if told["from"] == esme else Text(told["from"]),
                receipt=bool(asked),
                encoding=self._encoding(told, text),
                status=status,
                **_UNSAID,
            )
        )

    def _encoding(self, told: Mapping[str, Any], text: str) -> str:
        data_coding = told["data_coding"]
        natural, _ = encode_sms(text)
        if data_coding == natural or hides(text):
            return ""
        named = next((name for name in ENCODINGS if SMS_DATA_CODINGS.get(name) == data_coding), "")  # type: ignore[call-overload]
        if not named:
            self._leave_out(f"data_coding {data_coding}")
        return named

    def _state(self, told: Mapping[str, Any]) -> None:
        if told["state"] == MessageState.DELIVERED.name:
            self._delivered(told["id"])
        elif told["state"] == MessageState.DELETED.name:
            self._leave_out("a message was cancelled (cancel_sm)")

    def _delivered(self, message_id: str) -> None:
        if message_id not in self._letters:
            self._leave_out("a message arrived that was sent before the recording began")
            return
        letter, part = self._letters[message_id]
        before = len(letter.arrived)
        letter.arrived.add(part)
        if not before < len(letter.arrived) == letter.total or letter.to_esme in self._place.inner:
            return
        expected, number = _exactly(letter.text), Text(letter.sender)
        if letter.to_esme:
            self._bind_before(letter.to_esme)
            got: Action = model.EsmeReceive(esme=letter.to_esme, number=number, expected=expected, **_UNSAID)
        elif letter.to.isdecimal() and 3 <= len(letter.to) <= 15:
            parts = letter.total if letter.total > 1 else 0
            got = model.Receive(phone=letter.to, number=number, parts=parts, expected=expected, **_UNSAID)
        else:
            self._leave_out(f"an SMS to {letter.to}, which is no number of a phone")
            return
        self._arrive(got, since=max(letter.at, self._there_since.get(letter.to, 0.0)))

    def _receipt(self, told: Mapping[str, Any]) -> None:
        esme, item, state = told["esme"], self._submitted.get(told["id"]), MessageState[told["state"]]
        if esme in self._place.inner:
            return
        if item is None:
            self._leave_out("a receipt came of a message from before the recording")
            return
        assert isinstance(item.step, model.Submit)
        if not item.step.capture and item.step.status:
            self._ids.append("message" if not self._ids else f"message_{len(self._ids) + 1}")
            item.step = replace(item.step, capture=self._ids[-1])
        named = Text(f"{{{item.step.capture}}}") if item.step.capture else None
        self._arrive(model.GetReceipt(esme=esme, stat=WORDS[state].decode(), id=named, **_UNSAID))

    def _bound_as(self, told: Mapping[str, Any]) -> None:
        esme = told["account"]
        if esme in self._place.inner:
            return
        if esme in self._bound:  # its connection was lost, or this is another one beside it
            self._do(model.Leave(esme=esme, **_UNSAID)).guesses.append("the bind before this one was over")
        self._bound.add(esme)
        self._do(model.Bind(esme=esme, mode=told["facts"]["mode"], **_UNSAID))

    def _bind_refused(self, told: Mapping[str, Any]) -> None:
        if esme := told["account"]:
            status = told["facts"]["command_status"]
            esme += BY_ANOTHER * (status == Status.ESME_RINVPASWD.name)
            self._do(model.Bind(esme=esme, status=status, **_UNSAID))

    def _unbound(self, told: Mapping[str, Any]) -> None:
        if told["account"] in self._bound:
            self._bound.discard(told["account"])
            self._do(model.Leave(esme=told["account"], **_UNSAID))

    def _esme_refused(self, told: Mapping[str, Any]) -> None:
        facts, esme = told["facts"], told["account"]
        if esme in self._place.inner:
            return
        if facts["command"] not in ("submit_sm", "data_sm") or facts.get("text") is None:
            self._leave_out(f"{esme} was refused {facts['command']} ({facts['command_status']})")
            return
        self._submit(esme, facts, self._marked(facts["text"], told))

    def _esme_fault(self, told: Mapping[str, Any]) -> None:
        facts, esme = told["facts"], told["account"]
        fault, command = facts["fault"], facts["command"]
        if esme in self._place.inner:
            return
        if fault == "half_open" and facts.get("text") is not None:
            self._submit(esme, {**facts, "command_status": ""}, self._marked(facts["text"], told))
        elif fault in _LOST:
            self._leave_out(f"{esme} sent {command}, and the fault {fault} swallowed it")
        elif fault == "no_response" and command == "submit_sm":
            self._unanswered.add(esme)

    def _bind_before(self, esme: str) -> None:
        """Who does something is bound, if not since the recording began."""
        if esme not in self._bound:
            self._bound.add(esme)
            self._begin_with(model.Bind(esme=esme, **_UNSAID))

    # Browsers, faults, time ------------------------------------------------------------------------------------------

    def _page(self, told: Mapping[str, Any]) -> None:
        facts = told["facts"]
        browser, method, path = facts["browser"], facts["method"], facts["path"]
        if method not in _METHODS or path.startswith(_NOT_FOR_BROWSERS):
            return
        if self._redirected.pop(browser, "") != path:
            before = next((item for item in self._items if item.number > facts["behind"]), None)
            hidden = told.get("secrets") or {}
            url, body = Text(self._address(path, hidden)), self._body(facts, hidden)
            taken = self._taken_off_the_page(facts, before)
            request = model.Request(browser=browser, method=method, url=url, body=body, **_UNSAID)
            self._do(request, before=before).taken = taken
        self._forms[browser] = facts.get("carries") or ()
        location = facts.get("location") or ""
        if facts["status"] in _REDIRECTS and location.startswith("/"):
            self._redirected[browser] = location
            return
        self._arrive(model.SeeStatus(browser=browser, http_status=facts["status"], **_UNSAID))
        if facts.get("sees"):
            expected = Expected(model.CONTAINING, Text(self._marked(facts["sees"], {})))
            self._arrive(model.SeePage(browser=browser, expected=expected, **_UNSAID))

    def _taken_off_the_page(self, facts: Mapping[str, Any], before: Item | None) -> tuple[str, ...]:
        """The fields of a form that its page brought along: another value each time, found there when it is played."""
        browser, form = facts["browser"], facts.get("form") or {}
        taken = [name for name in form if name in self._forms.get(browser, ())]
        if CHECK_CODE in form and form[CHECK_CODE] and self._wrong_code <= facts["behind"]:
            taken.append(CHECK_CODE)
        for name in taken:
            found = Expected(
                model.MATCHING, Text(_ON_THE_PAGE.get(name, _IN_A_FIELD).replace("NAME", name), pattern=True)
            )
            item = self._do(model.SeePage(browser=browser, expected=found, **_UNSAID), before=before)
            item.taken = (name,)
            if name == CHECK_CODE:
                item.guesses.append("the check code is the one that the page tells where selfcare.captcha_reveal is on")
        return tuple(taken)

    def _captcha_failed(self, told: Mapping[str, Any]) -> None:
        self._wrong_code = self._number

    def _address(self, path: str, hidden: Mapping[str, str]) -> str:
        """The path with what is hidden in it marked: a parameter by its name, anything else by nobody's."""
        path = _PARAMETER.sub(lambda found: found[1] + self._marked(MASK, hidden, found[1][:-1]), path)
        return self._marked(path, {})

    def _body(self, facts: Mapping[str, Any], hidden: Mapping[str, str]) -> model.Body:
        form, told = facts.get("form"), facts.get("json")
        if facts["method"] not in _WITH_BODY:
            if form or told is not None:
                self._leave_out(f"the body of a {facts['method']}")
            return model.Body()
        for fields in (form, told):
            if fields and isinstance(fields, dict) and all(type(value) in _PLAIN for value in fields.values()):
                said = (
                    _field(name, self._marked(value, hidden, name), bare=not isinstance(value, str))
                    for name, value in fields.items()
                )
                return model.Body(tuple(said), json=fields is told)
        if form:
            self._leave_out("a form with several values of one field")
        if told is not None:
            shown = json.dumps(self._marked_in(told, hidden), ensure_ascii=False)
            return model.Body(json=True, raw=Text(shown, json=True))
        return model.Body()

    def _marked_in(self, told: Any, hidden: Mapping[str, str], name: str = "") -> Any:
        """JSON with what is hidden in it marked."""
        if isinstance(told, dict):
            return {key: self._marked_in(value, hidden, key) for key, value in told.items()}
        if isinstance(told, list):
            return [self._marked_in(value, hidden, name) for value in told]
        return self._marked(told, hidden, name) if isinstance(told, str) else told

    def _clock(self, told: Mapping[str, Any]) -> None:
        self._until = datetime.fromisoformat(told["facts"]["to"]).timestamp()

    def _faults_replaced(self, told: Mapping[str, Any]) -> None:
        rules = told["facts"]["rules"]
        added = len(rules) - len(self._faults)
        if added < 0 or rules[added:] != self._faults:
            self._do(model.FaultOff(**_UNSAID))
            added = len(rules)
        self._faults = rules
        for rule in reversed(rules[:added]):
            self._do(model.Fault(rule=rule, **_UNSAID))

    def _reset(self, told: Mapping[str, Any]) -> None:
        self._place = replace(self._place, faults=(), handsets={})
        self._clear()
        self._leave_out("the gateway was reset; what was before is left out")

    # Items -----------------------------------------------------------------------------------------------------------

    def _do(self, step: Action, before: Item | None = None) -> Item:
        """A person did this; before something that was told already, where it came of that."""
        item = Item(step, before.at if before else self._at, self._number, human=True)
        self._items.insert(self._items.index(before) if before else len(self._items), item)
        return item

    def _arrive(self, step: Action, **how: Any) -> Item:
        item = Item(step, self._at, self._number, **how)
        self._items.append(item)
        return item

    def _begin_with(self, step: Action) -> None:
        self._first.append(_before(step))

    def _as_it_was(self) -> Iterator[Item]:
        """How the phones were that have a part in it, where they were not as phones are."""
        for phone in dict.fromkeys(item.step.phone for item in self._items if item.step.phone):
            handset = self._place.handsets.get(phone)
            if handset is None:
                continue
            if handset["language"] != _LANGUAGE:
                yield _before(model.Speak(phone=phone, language=handset["language"], **_UNSAID))
            if handset["memory_full"]:
                yield _before(model.Memory(phone=phone, full=True, **_UNSAID))
            if not handset["attached"]:
                yield _before(model.Turn(phone=phone, on=False, **_UNSAID))

    def _leave_out(self, sentence: str) -> None:
        self._unrecorded[sentence] += 1

    def _text(self, told: Mapping[str, Any]) -> Text:
        return Text(self._marked(told["text"], told))

    def _marked(self, text: object, told: Mapping[str, Any], name: str = "") -> str:
        """The text with what is hidden in it marked."""
        known = [told[name]] if name in told else told.get("secrets") or []
        return hide(str(text), chain(known, self._others()))

    def _others(self) -> Iterator[str]:
        """References of what is hidden, and nobody knows whether it is the same as something else."""
        while True:
            self._hidden += 1
            yield f"?{self._hidden}"

    # The draft -------------------------------------------------------------------------------------------------------

    def draft(self, name: str) -> Draft:
        """The script so far, under the name of its file. ValueError while nothing was recorded."""
        if not self._items:
            raise ValueError("nothing was recorded")
        place = self._place
        items = [
            *self._first,
            *self._as_it_was(),
            *with_waits(self._items, self._until, None if place.virtual else self._pauses),
        ]
        return drafted(
            name,
            items,
            self._items[0].at if place.virtual else None,
            place.utc_offset,
            constant=place.constant,
            unrecorded=[_times(sentence, number) for sentence, number in self._unrecorded.items()],
        )


def _before(step: Action) -> Item:
    return Item(step, 0.0, 0, human=True, guesses=["it was so when the recording began"])


def _times(sentence: str, number: int) -> str:
    return sentence if number == 1 else f"{sentence} ({number} times)"


def _exactly(text: str) -> Expected | None:
    return Expected(model.EXACTLY, Text(text)) if text else None


def _field(name: str, value: str, *, bare: bool = False) -> Field:
    return Field(name, Text(value), bare)


_TAKEN: Mapping[str, Callable[[Recording, Mapping[str, Any]], None]] = {
    "ussd.begin": Recording._begin,
    "ussd.answer": Recording._answer,
    "ussd.hang_up": Recording._hang_up,
    **dict.fromkeys(("ussd.ask", "ussd.notify", "ussd.end", "ussd.release"), Recording._screen),
    "ussd.abort": Recording._aborted,
    "network.pushed": Recording._pushed,
    "handset.attached": Recording._attached,
    "handset.detached": Recording._detached,
    "handset.memory_full": Recording._memory,
    "handset.language": Recording._language,
    "sms": Recording._sms,
    "sms.state": Recording._state,
    "receipt": Recording._receipt,
    "esme.bound": Recording._bound_as,
    "esme.bind_refused": Recording._bind_refused,
    **dict.fromkeys(("esme.unbound", "esme.lost"), Recording._unbound),
    "esme.refused": Recording._esme_refused,
    "esme.fault": Recording._esme_fault,
    "page.requested": Recording._page,
    "selfcare.captcha_failed": Recording._captcha_failed,
    "application.added": Recording._added,
    "clock.moved": Recording._clock,
    "faults.replaced": Recording._faults_replaced,
    "gateway.reset": Recording._reset,
}
"""What each kind of event means to a recording; all others are what came of something else."""
