"""The language of scripts as a table: each sentence there is, the step it makes, and what it means. No I/O.

In a pattern, small words stand for themselves and CAPITALS for a slot. [from NUMBER] may be left out; (for TIME) may
not, but brackets of both kinds that stand side by side come in any order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import ValidationError

from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.coding.segments import MAX_SEGMENTS
from ussd_gateway.dialects.table import DIALECTS
from ussd_gateway.fault_rule import WORDS as FAULT_WORDS
from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.handsets.handset import NOT_USSD
from ussd_gateway.network.address import AddressError, classify, normalise_msisdn
from ussd_gateway.network.directory import SERVICE_CODE
from ussd_gateway.network.session import Outcome
from ussd_gateway.patterns import compiled
from ussd_gateway.scenario import model
from ussd_gateway.scenario.tokens import Kind, Token
from ussd_gateway.smpp.receipts import WORDS
from ussd_gateway.smpp.status import Status, status_from, status_name

VERSION = "1"
OUTCOMES = (*(outcome.value for outcome in Outcome), NOT_USSD)
UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
ENCODINGS = tuple(
    alphabet.value
    for alphabet in (Alphabet.GSM7, Alphabet.UCS2, Alphabet.ASCII, Alphabet.LATIN1, Alphabet.CYRILLIC, Alphabet.HEBREW)
)
MODES = ("transmitter", "receiver", "transceiver")
STATS = tuple(word.decode() for word in WORDS.values())
NOTHING = "nothing"
EFFECTS = tuple(FAULT_WORDS)
RULE_KEYS = tuple(key for key in FaultRule.model_fields if key != "effect")
OWN_KEYS = {"status": "status", "throttle": "rate", "slow": "seconds", "drop": "kind", "malformed": "kind"}
"""The key that need not be written behind the name of an effect."""
LANGUAGES = ("ru", "en", "latin")
NAME = re.compile(r"[^\W\d]\w*")

_TIME = re.compile(r"(\d+(?:\.\d+)?)([^\W\d]*)")
_NUMBER = re.compile(r"\+?\d{3,15}")
_IN_BRACES = re.compile(r"\{[^\W\d]\w*\}")
_TAG = re.compile(r"\w[\w-]*")
_DIGITS = 6  # of a count
_TYPED = re.compile(r"[\s().-]")


class UnfitError(Exception):
    """The sentence says something else at this token: `word` or `slot` was to come.

    listed  whether the word is named among what could have come
    hint    the way out, where the token itself gives one
    """

    def __init__(self, at: int, *, word: str = "", slot: str = "", listed: bool = True, hint: str = "") -> None:
        super().__init__(at)
        self.at, self.word, self.slot, self.listed, self.hint = at, word, slot, listed, hint
        self.optional = False  # the sentence can do without it


class WrongError(Exception):
    """The sentence fits, but what fills a slot cannot be used. `offset` is the character in the token, None for all."""

    def __init__(self, at: int, message: str, hint: str = "", offset: int | None = None) -> None:
        super().__init__(message)
        self.at, self.message, self.hint, self.offset = at, message, hint, offset


@dataclass(slots=True)
class Reader:
    """Walks the tokens of one sentence.

    phones    the numbers of the phones named so far
    esmes     the accounts of the ESMEs named so far
    browsers  the names of the browsers so far
    services  the applications named so far
    """

    tokens: tuple[Token, ...]
    phones: Mapping[str, str]
    esmes: Mapping[str, model.Account] = field(default_factory=dict)
    browsers: Mapping[str, bool] = field(default_factory=dict)
    services: Mapping[str, model.Service] = field(default_factory=dict)
    at: int = 0
    refusals: list[UnfitError] = field(default_factory=list)  # what could have come, wherever something else came

    @property
    def token(self) -> Token | None:
        """The next token, None at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def sees(self, word: str) -> bool:
        """Whether the next token is this word."""
        token = self.token
        return token is not None and token.kind is Kind.WORD and token.value == word

    def word(self, word: str) -> None:
        """Step over this word; UnfitError for any other token."""
        if not self.sees(word):
            raise UnfitError(self.at, word=word)
        self.at += 1

    def take(self, slot: str, *kinds: Kind) -> str:
        """The value of the next token, if it is one of these kinds; UnfitError otherwise."""
        token = self.token
        if token is None or token.kind not in kinds:
            raise UnfitError(self.at, slot=slot)
        self.at += 1
        return token.value

    def might(self, **what: Any) -> None:
        """What could have helped here, should no sentence fit: as UnfitError has it."""
        refusal = UnfitError(self.at, **what)
        refusal.optional = True
        self.refusals.append(refusal)

    def wrong(self, message: str, hint: str = "", offset: int | None = None) -> WrongError:
        """What to raise when the token that was just taken cannot be used."""
        return WrongError(self.at - 1, message, hint, offset)


class Slot(NamedTuple):
    """What stands in a pattern in capitals: in words, what a person writes there, and how it is read."""

    what: str
    written: str
    read: Callable[[Reader], object]


def _version(reader: Reader) -> str:
    version = reader.take("VERSION", Kind.WORD)
    if version != VERSION:
        raise reader.wrong(f"this script is written in version {version} of the language", f"known: {VERSION}")
    return version


def _check_name(reader: Reader, name: str) -> None:
    if not NAME.fullmatch(name):
        hint = f"write {name[1:-1]} here, and {name} where its value is to stand" if _IN_BRACES.fullmatch(name) else ""
        raise reader.wrong(f"{name} is no name", hint or "a name is one word of letters, digits and _")


def _name(reader: Reader) -> str:
    name = reader.take("NAME", Kind.WORD)
    _check_name(reader, name)
    if name in FIRST_WORDS:
        raise reader.wrong(f"{name} cannot be a name: a sentence begins with it", "take another word")
    if number := reader.phones.get(name):
        raise reader.wrong(f"there is a phone {name} already", f"it is {number}")
    if (esme := reader.esmes.get(name)) and esme.system_id:
        raise reader.wrong(f"there is an esme {name} already", f"it is {esme.system_id}")
    if reader.browsers.get(name):
        raise reader.wrong(f"there is a browser {name} already", "take another word")
    if (service := reader.services.get(name)) and service.code:
        raise reader.wrong(f"there is an application {name} already", f"it is at {service.code}")
    return name


def _msisdn(reader: Reader) -> model.Text:
    written = _text("MSISDN", Kind.WORD, Kind.TEXT)(reader)
    if written.names:
        return written
    number = number_of(written.source)
    if number is None:
        raise reader.wrong(*no_number(written.source))
    return model.Text(number)


def _actor(slot: str, known: Callable[[Reader], Container[str]]) -> Callable[[Reader], str]:
    def read(reader: Reader) -> str:
        at = reader.at
        name = reader.take(slot, Kind.WORD)
        if name not in known(reader):
            raise UnfitError(at, slot=slot)
        return name

    return read


def _octets(slot: str, most: int) -> Callable[[Reader], str]:
    def read(reader: Reader) -> str:
        written = reader.take(slot, Kind.WORD, Kind.TEXT)
        if not (written.isascii() and 0 < len(written) <= most):
            raise reader.wrong(f"no {slot.lower()} looks like this", f"it has 1 to {most} characters of ASCII")
        return written

    return read


def _capture(reader: Reader) -> str:
    name = reader.take("CAPTURE", Kind.WORD).removeprefix("{").removesuffix("}")
    if not NAME.fullmatch(name):
        raise reader.wrong(f"{name} is no name", "a name is one word of letters, digits and _")
    return name


def _status(reader: Reader) -> str:
    written = reader.take("STATUS", Kind.WORD)
    if written == NOTHING:
        return ""
    try:
        return status_name(status_from(written))
    except ValueError:
        near = get_close_matches(written.upper(), Status.__members__, n=1)
        hint = f'did you mean "{near[0]}"?' if near else "it looks like ESME_RTHROTTLED or 0x58"
        raise reader.wrong(f"I do not know the command_status {written}", hint) from None


def _text(slot: str, *kinds: Kind) -> Callable[[Reader], model.Text]:
    def read(reader: Reader) -> model.Text:
        text = model.Text(reader.take(slot, *kinds))
        if (offset := text.stray_brace) is not None:
            message = "this { begins no capture"
            raise reader.wrong(message, "write {name} for what a pattern has captured, {{ for the sign itself", offset)
        return text

    return read


def _text_or_word(reader: Reader) -> model.Text:
    text = _text("TEXT", Kind.TEXT, Kind.WORD)(reader)
    if reader.tokens[reader.at - 1].kind is Kind.WORD:
        reader.might(hint="a text of several words stands in quotes")
    return text


def _title(reader: Reader) -> str:
    return reader.take("TITLE", Kind.TEXT)


def _variable(reader: Reader) -> str:
    name = reader.take("VARIABLE", Kind.WORD)
    _check_name(reader, name)
    return name


def _file(slot: str) -> Callable[[Reader], str]:
    return lambda reader: reader.take(slot, Kind.WORD, Kind.TEXT)


def _tags(reader: Reader) -> tuple[str, ...]:
    tags: list[str] = []
    while not tags or reader.token:
        for tag in filter(None, reader.take("TAGS", Kind.WORD).split(",")):
            if not _TAG.fullmatch(tag):
                raise reader.wrong(f"{tag} is no tag", "a tag is one word of letters, digits, _ and -")
            tags.append(tag)
    return tuple(dict.fromkeys(tags))


def _code(reader: Reader) -> model.Text:
    code = _text("CODE", Kind.WORD, Kind.TEXT)(reader)
    if not code.names:
        try:
            classify(code.source)
        except AddressError as error:
            raise reader.wrong(str(error), "a code looks like *111# or *111*25#") from None
    return code


def _own_code(reader: Reader) -> str:
    code = reader.take("CODE", Kind.WORD)
    if not SERVICE_CODE.fullmatch(code):
        raise reader.wrong(f"{code} is no service code", "one looks like *384*77#")
    return code


def _dialect(reader: Reader) -> str:
    return _one_of("DIALECT", tuple(DIALECTS))(reader)


def reply(source: str) -> model.Text:
    """What an application answers: where it begins as JSON does, braces are braces."""
    return model.Text(source, json=source.lstrip().startswith(("{", "[")))


def _reply(reader: Reader) -> model.Text:
    text = reply(reader.take("REPLY", Kind.TEXT))
    if text.json or text.stray_brace is None:
        return text
    reader.at -= 1
    return _text("REPLY", Kind.TEXT)(reader)


def _number(reader: Reader) -> model.Text:
    written = _text("NUMBER", Kind.WORD, Kind.TEXT)(reader)
    bare = reader.tokens[reader.at - 1].kind is Kind.WORD
    if bare and written.source in reader.phones:
        return model.Text(reader.phones[written.source])
    if bare and written.source in reader.esmes:
        return model.Text(reader.esmes[written.source].system_id)
    if number := number_of(written.source):
        return model.Text(number)
    if bare and not written.names and not written.source.isdecimal():
        near = get_close_matches(written.source, [*reader.phones, *reader.esmes], n=1)
        hint = f'did you mean "{near[0]}"?' if near else "the name of a sender stands in quotes"
        raise reader.wrong(f'there is no phone "{written.source}"', hint)
    return written


def _pattern(reader: Reader) -> model.Text:
    pattern = model.Text(reader.take("EXPECTED", Kind.PATTERN), pattern=True)
    try:
        compiled(pattern.fill(dict.fromkeys(pattern.names, "x")))
    except ValueError as error:
        hint = r"a sign that means something in patterns, such as (, is written \(; docs/scripts.md tells more"
        raise reader.wrong(f"this is no regular expression: {error}", hint) from None
    return pattern


def _expected(reader: Reader) -> model.Expected:
    for how in (model.CONTAINING, model.EXACTLY, model.MATCHING):
        if reader.sees(how):
            reader.at += 1
            break
    else:
        how = ""
    token = reader.token
    if token and token.kind is Kind.PATTERN and how in ("", model.MATCHING):
        return model.Expected(model.MATCHING, _pattern(reader))
    if how == model.MATCHING:
        raise UnfitError(reader.at, slot="PATTERN")
    if not how:
        for word in (model.CONTAINING, model.EXACTLY, model.MATCHING):
            reader.might(word=word, listed=False)
    kinds = (Kind.TEXT, Kind.WORD) if how else (Kind.TEXT,)
    slot = "TEXT" if how else "EXPECTED"
    return model.Expected(how or model.CONTAINING, _text(slot, *kinds)(reader))


def _one_of(slot: str, known: tuple[str, ...]) -> Callable[[Reader], str]:
    def read(reader: Reader) -> str:
        word = reader.take(slot, Kind.WORD)
        if word not in known:
            raise reader.wrong(f"I do not know the {slot.lower()} {word}", way_out(word, known))
        return word

    return read


def _count(reader: Reader) -> int:
    written = reader.take("COUNT", Kind.WORD)
    if not (written.isascii() and written.isdigit() and len(written) <= _DIGITS):
        raise UnfitError(reader.at - 1, slot="COUNT")
    if not int(written):
        raise reader.wrong("there cannot be 0", "write 1 or more")
    return int(written)


def _time(reader: Reader) -> float:
    written = reader.take("TIME", Kind.WORD)
    found = _TIME.fullmatch(written)
    if not found:
        raise UnfitError(reader.at - 1, slot="TIME")
    unit = found[2]
    if not unit and reader.token and reader.token.kind is Kind.WORD and reader.token.value in UNITS:
        unit = reader.take("TIME", Kind.WORD)
    if not unit:
        reader.might(hint="a time is written 5s, 3min, 2h or 30d")
    if unit and unit not in UNITS:
        raise reader.wrong(f"I do not know the unit {unit}", "known: s, min, h, d")
    return float(found[1]) * UNITS.get(unit, 1.0)


def _url(reader: Reader) -> model.Text:
    url = _text("URL", Kind.WORD, Kind.TEXT)(reader)
    if not url.source.startswith(("/", "http://", "https://", "{")):
        hint = "write a path of the gateway such as /cabinet, or http://127.0.0.1:9000/path"
        raise reader.wrong(f"{url.source} is no address", hint)
    return url


def _fields(slot: str) -> Callable[[Reader], tuple[model.Field, ...]]:
    def read(reader: Reader) -> tuple[model.Field, ...]:
        fields = []
        while True:
            name = reader.take(slot, Kind.WORD, Kind.TEXT)
            bare = reader.token is not None and reader.token.kind is Kind.WORD
            value = _text(slot, Kind.WORD, Kind.TEXT)(reader)
            more = bare and value.source.endswith(",")
            if more:
                value = model.Text(value.source[:-1])
            elif reader.sees(","):
                reader.at += 1
                more = True
            fields.append(model.Field(name, value, bare))
            if not more:
                return tuple(fields)

    return read


def _body(reader: Reader) -> model.Body:
    if reader.sees("with"):
        reader.at += 1
        return model.Body(_fields("BODY")(reader))
    if not reader.sees("json"):
        raise UnfitError(reader.at, slot="BODY")
    reader.at += 1
    following = [(token.kind, token.value) for token in reader.tokens[reader.at + 1 :]]
    whole = not following or following[0] == (Kind.WORD, "header")
    if not (whole and reader.token and reader.token.kind is Kind.TEXT):
        return model.Body(_fields("BODY")(reader), json=True)
    raw = model.Text(reader.take("BODY", Kind.TEXT), json=True)
    try:
        json.loads(raw.fill(dict.fromkeys(raw.names, "1")))
    except ValueError as error:
        raise reader.wrong(f"this is no JSON: {error}", 'it looks like {"dial": "*100#"}') from None
    return model.Body(json=True, raw=raw)


def _http_status(reader: Reader) -> int:
    written = reader.take("HTTP_STATUS", Kind.WORD)
    if not (written.isascii() and written.isdigit() and 100 <= int(written[:4]) <= 599):
        raise reader.wrong(f"{written} is no status", "a status is a number such as 200 or 404")
    return int(written)


def _word(slot: str) -> Callable[[Reader], str]:
    return lambda reader: reader.take(slot, Kind.WORD, Kind.TEXT)


def _parts(reader: Reader) -> int:
    start = reader.at
    try:
        count = _count(reader)
    except UnfitError:
        raise UnfitError(start, slot="PARTS") from None
    reader.word("part" if reader.sees("part") else "parts")
    return count


def _part(reader: Reader) -> model.Part:
    number = _count(reader)
    reader.word("of")
    total = _count(reader)
    if not number <= total <= MAX_SEGMENTS:
        message = f"there is no part {number} of {total}" if number > total else f"no message has {total} parts"
        raise reader.wrong(message, f"a long message has up to {MAX_SEGMENTS} parts, counted from 1")
    return model.Part(number, total)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _moment(reader: Reader) -> datetime:
    first = reader.at
    written = [reader.take("MOMENT", Kind.WORD)]
    while reader.token and reader.token.kind is Kind.WORD:
        written.append(reader.take("MOMENT", Kind.WORD))
    day, *rest = written
    try:
        return datetime.fromisoformat(f"{day} {''.join(rest)}".rstrip())
    except ValueError:
        hint = "it looks like 2018-05-03 11:00, or 2018-05-03 11:00 +03:00"
        raise WrongError(first, f"{' '.join(written)} is no moment", hint) from None


def _rule(reader: Reader) -> Mapping[str, object]:
    if reader.sees("off"):
        raise UnfitError(reader.at, slot="RULE")
    effect = reader.take("RULE", Kind.WORD)
    if effect not in EFFECTS:
        raise reader.wrong(f"I do not know the effect {effect}", way_out(effect, EFFECTS))
    places, rule = {"effect": reader.at - 1}, {"effect": effect}
    own = OWN_KEYS.get(effect, "")
    while reader.token:
        key = own if reader.token.value not in RULE_KEYS and own not in rule else reader.take("KEY", Kind.WORD)
        if key not in RULE_KEYS:
            raise reader.wrong(f"a fault has no key {key}", way_out(key, RULE_KEYS))
        places[key] = reader.at
        rule[key] = reader.take("RULE", Kind.WORD, Kind.TEXT, Kind.PATTERN)
    written: dict[str, object] = dict(rule)
    if "command" in rule:
        written["command"] = rule["command"].split(",")
    if found := _TIME.fullmatch(rule.get("seconds", "")):
        written["seconds"] = float(found[1]) * UNITS.get(found[2], 1.0)
    if (esme := reader.esmes.get(rule.get("account", ""))) and esme.system_id:
        written["account"] = esme.system_id
    try:
        return FaultRule.model_validate(written).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else "effect"
        message = first["msg"].removeprefix("Value error, ")
        raise WrongError(places.get(key, places["effect"]), message, "docs/faults.md tells the keys") from None


SLOTS: dict[str, Slot] = {
    "VERSION": Slot("a version such as 1", "`1`", _version),
    "NAME": Slot("a name such as anna", "one word of letters, digits and `_`", _name),
    "MSISDN": Slot(
        "a number such as 70001000001", '`70001000001`, `"8 (000) 100-00-01"`, in a scenario also `{name}`', _msisdn
    ),
    "TITLE": Slot('a "title"', "in quotes", _title),
    "VARIABLE": Slot("a name such as sum", "one word of letters, digits and `_`", _variable),
    "TABLE": Slot(
        "a file such as users.csv",
        "the name of a CSV file beside the script, in quotes if it has spaces",
        _file("TABLE"),
    ),
    "SCRIPT": Slot("a file such as shared/phones.ussd", "the name of a script, as seen from this one", _file("SCRIPT")),
    "TAGS": Slot("a word such as smoke", "`smoke`, or several: `smoke, slow`", _tags),
    "PHONE": Slot(
        "the name of a phone", "a name that `phone ... is ...` gave", _actor("PHONE", lambda reader: reader.phones)
    ),
    "ESME": Slot(
        "the name of an ESME", "a name that `esme ... is ...` gave", _actor("ESME", lambda reader: reader.esmes)
    ),
    "SYSTEM_ID": Slot("a system_id such as test", "`test`", _octets("SYSTEM_ID", 15)),
    "PASSWORD": Slot('a "password"', "in quotes, or one word", _octets("PASSWORD", 8)),
    "MODE": Slot("transmitter, receiver or transceiver", _listed(MODES), _one_of("MODE", MODES)),
    "STATUS": Slot(
        "a command_status such as ESME_RTHROTTLED",
        "`ESME_RTHROTTLED`, `0x58`; `nothing` where no response is to come",
        _status,
    ),
    "STAT": Slot("a word such as DELIVRD", _listed(STATS), _one_of("STAT", STATS)),
    "SENDER": Slot('a number, or a "name"', "`5000`, or a name in quotes", _text("SENDER", Kind.WORD, Kind.TEXT)),
    "CAPTURE": Slot("a name such as first", "one word; `{first}` is the message_id from there on", _capture),
    "ID": Slot("a {capture}", "`{first}`", _text("ID", Kind.WORD, Kind.TEXT)),
    "BROWSER": Slot(
        "the name of a browser", "a name that `browser ...` gave", _actor("BROWSER", lambda reader: reader.browsers)
    ),
    "URL": Slot(
        "an address such as /cabinet", "`/cabinet` on the gateway, `http://127.0.0.1:9000/path` elsewhere", _url
    ),
    "BODY": Slot(
        "with and fields, or json",
        'a form: `with number "8 (000) 100-00-01", password {password}`; JSON: `json name "Anna", age 20`, or as it'
        " stands behind `json:`",
        _body,
    ),
    "HEADERS": Slot(
        "a header such as Accept text/plain", '`Accept text/plain, Authorization "Bearer {key}"`', _fields("HEADERS")
    ),
    "HTTP_STATUS": Slot("a status such as 200", "`200`", _http_status),
    "HEADER": Slot("a header such as Location", "`Location`", _word("HEADER")),
    "PATH": Slot("a field such as balance", "`balance`, `messages.0.text`", _word("PATH")),
    "CODE": Slot("a code such as *111#", "`*111#`, `*111*25#`, `*111*{number}#`", _code),
    "SERVICE_CODE": Slot("a service code such as *384*77#", "`*384*77#`", _own_code),
    "DIALECT": Slot("a dialect such as africas_talking", _listed(DIALECTS), _dialect),
    "APPLICATION": Slot(
        "the name of an application",
        "a name that `application ... at ...` gave",
        _actor("APPLICATION", lambda reader: reader.services),
    ),
    "REPLY": Slot(
        'a "text"',
        'in quotes, or behind a colon, as the dialect has it: `"CON Fruit?"`; where it begins as JSON does, `{name}` is a'
        " capture, and any other brace a brace",
        _reply,
    ),
    "ANSWER": Slot("an answer such as 1", "`1`, `{capture}`, or in quotes", _text("ANSWER", Kind.WORD, Kind.TEXT)),
    "EXPECTED": Slot(
        'a "text" or a /pattern/',
        '`"text"` or `containing "text"`; `exactly "text"`; `/pattern/` or `matching /pattern/`',
        _expected,
    ),
    "OUTCOME": Slot("an outcome such as timeout", _listed(OUTCOMES), _one_of("OUTCOME", OUTCOMES)),
    "MOMENT": Slot(
        "a moment such as 2018-05-03 11:00",
        "`2018-05-03 11:00`, in the operator's time; `2018-05-03 11:00 +03:00`",
        _moment,
    ),
    "RULE": Slot(
        "an effect such as throttle",
        f"{_listed(EFFECTS)}; behind it keys and values: `slow 3s account test command submit_sm nth 2`",
        _rule,
    ),
    "COUNT": Slot("a number such as 3", "`3`", _count),
    "PART": Slot(
        "a part such as 2 of 3", "`2 of 3`; parts to one number are of one message until all were there", _part
    ),
    "PARTS": Slot("parts such as 3 parts", "`3 parts`, `1 part`", _parts),
    "ENCODING": Slot("an encoding such as ucs2", _listed(ENCODINGS), _one_of("ENCODING", ENCODINGS)),
    "LANGUAGE": Slot("a language such as en", _listed(LANGUAGES), _one_of("LANGUAGE", LANGUAGES)),
    "NUMBER": Slot("a number such as 3339", "`3339`, a phone's name, or a sender's name in quotes", _number),
    "TIME": Slot("a time such as 5s", "`5` or `5s`, `3min`, `2h`, `30d`, also `3 minutes`", _time),
    "TEXT": Slot('a "text"', "in quotes; one word can do without", _text_or_word),
    "FIRST": Slot('a "text" or a {capture}', "`{name}`, `123`, or in quotes", _text("FIRST", Kind.WORD, Kind.TEXT)),
    "SECOND": Slot('a "text" or a {capture}', "as FIRST", _text("SECOND", Kind.WORD, Kind.TEXT)),
}
"""What can fill a slot. A step's field has the slot's name in small letters."""

_PATTERN_SLOT = "a /pattern/"

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sentence:
    """A row of the table: pattern, step, what it means, and what the words alone say about the step's fields."""

    pattern: str
    step: type[model.Step]
    says: str
    fixed: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


SENTENCES = (
    Sentence("version VERSION", model.Version, "The version of the language; may be left out, else comes first."),
    Sentence(
        "starts at MOMENT",
        model.Starts,
        "The moment at which the clock stands in the beginning; above the first scenario.",
    ),
    Sentence("phone NAME is MSISDN", model.Phone, "Names a phone, for the whole file from here on."),
    Sentence(
        "esme NAME is SYSTEM_ID [with password PASSWORD]",
        model.Esme,
        "Names an ESME, for the whole file from here on; without `with password` the system_id is its password.",
    ),
    Sentence("browser NAME", model.Browser, "Names a browser, with cookies of its own in each scenario."),
    Sentence(
        "application NAME at SERVICE_CODE [speaking DIALECT]",
        model.Application,
        "Names an application behind a URL that the script runs itself; it answers the code while a scenario with it is"
        " played, and speaks africas_talking where nothing else is said.",
    ),
    Sentence("use SCRIPT", model.Use, "Phones, variables, `setup` and `teardown` of another file hold here too."),
    Sentence(
        "let VARIABLE be TEXT", model.Let, "`{VARIABLE}` stands for the text: in the file, or the rest of the scenario."
    ),
    Sentence("setup", model.Setup, "Block: its steps are played before each scenario of the file."),
    Sentence("teardown", model.Teardown, "Block: its steps are played after each scenario, also after a failure."),
    Sentence("tags TAGS", model.Tags, "Tags every scenario of the file."),
    Sentence(
        "scenario TITLE [tagged TAGS]", model.Title, "Begins a scenario; a file without it is one, named as the file."
    ),
    Sentence("PHONE dials CODE", model.Dial, "Dials and waits for the first screen that asks or ends."),
    Sentence("PHONE answers ANSWER", model.Answer, "Types an answer and waits for the next screen."),
    Sentence("PHONE sees EXPECTED", model.See, "What the phone shows now."),
    Sentence("PHONE sees no EXPECTED", model.See, "What the phone does not show now.", {"absent": True}),
    Sentence(
        "PHONE sees final screen [EXPECTED]", model.See, "The dialogue is over, and this is shown.", {"state": "final"}
    ),
    Sentence(
        "PHONE sees awaiting screen [EXPECTED]", model.See, "The phone asks for an answer.", {"state": "awaiting"}
    ),
    Sentence("PHONE sees outcome OUTCOME", model.See, "How the dialogue ended."),
    Sentence(
        "PHONE sees screen of at most COUNT octets",
        model.Measure,
        "The text takes so many octets of a USSD string, packed: 160 are the most there can be.",
        {"unit": "octets"},
    ),
    Sentence(
        "PHONE sees screen of at most COUNT characters",
        model.Measure,
        "The text has so many characters.",
        {"unit": "characters"},
    ),
    Sentence("PHONE sees screen encoded ENCODING", model.Measure, "How the text was encoded on its way."),
    Sentence("PHONE hangs up", model.HangUp, "Cancels the dialogue."),
    Sentence(
        "PHONE receives sms [from NUMBER] [within TIME] [in PARTS] [encoded ENCODING] [EXPECTED]",
        model.Receive,
        "The next SMS of that sender and text has come, or comes in time; without `within`, in 5 seconds.",
    ),
    Sentence(
        "PHONE receives no sms (for TIME) [from NUMBER] [EXPECTED]",
        model.ReceiveNone,
        "The time passes, and no SMS that fits is there.",
    ),
    Sentence("PHONE sends sms TEXT to NUMBER [encoded ENCODING]", model.Send, "Sends an SMS."),
    Sentence("PHONE turns off", model.Turn, "Leaves the network: what is sent to it waits.", {"on": False}),
    Sentence("PHONE turns on", model.Turn, "Comes back: what waited arrives.", {"on": True}),
    Sentence("PHONE memory is full", model.Memory, "No SMS finds room: what is sent to it waits.", {"full": True}),
    Sentence("PHONE memory has room", model.Memory, "There is room again: what waited arrives.", {"full": False}),
    Sentence("PHONE speaks LANGUAGE", model.Speak, "Chooses the language of the operator's texts."),
    Sentence("network pushes TEXT to PHONE from CODE", model.Push, "A text that nobody asked for.", {"asks": False}),
    Sentence("network asks PHONE TEXT from CODE", model.Push, "A question that the phone can answer.", {"asks": True}),
    Sentence(
        "ESME binds [as MODE] [answered STATUS]",
        model.Bind,
        "Connects and binds, as a transceiver where nothing else is said; without `answered` as ESME_ROK.",
    ),
    Sentence(
        "ESME submits [part PART] TEXT to NUMBER [from SENDER] [encoded ENCODING] [answered STATUS]"
        " [keeping id as CAPTURE]",
        model.Submit,
        "Submits a message, or a part of a long one, and waits for the response; the sender is the system_id where"
        " nothing else is said.",
    ),
    Sentence(
        "ESME submits [part PART] TEXT to NUMBER (with receipt) [from SENDER] [encoded ENCODING] [answered STATUS]"
        " [keeping id as CAPTURE]",
        model.Submit,
        "The same, and asks for a receipt.",
        {"receipt": True},
    ),
    Sentence(
        "ESME gets receipt STAT [for ID] [within TIME]",
        model.GetReceipt,
        "The next receipt that fits has come, or comes in time; without `within`, in 5 seconds.",
    ),
    Sentence("ESME gets no receipt for TIME", model.GetNoReceipt, "The time passes, and no receipt is there."),
    Sentence(
        "ESME receives (EXPECTED) [from NUMBER] [within TIME]",
        model.EsmeReceive,
        "The next message that fits has come, or comes in time.",
    ),
    Sentence(
        "ESME receives sms [from NUMBER] [within TIME] [in PARTS] [encoded ENCODING] [EXPECTED]",
        model.EsmeReceive,
        "The same, as phones have it.",
    ),
    Sentence(
        "ESME receives no sms (for TIME) [from NUMBER] [EXPECTED]",
        model.EsmeReceiveNone,
        "The time passes, and no message that fits is there.",
    ),
    Sentence("ESME unbinds", model.Leave, "Unbinds and closes the connection."),
    Sentence("BROWSER gets URL [header HEADERS]", model.Request, "Asks for a page.", {"method": "GET"}),
    Sentence("BROWSER posts URL [BODY] [header HEADERS]", model.Request, "Sends something.", {"method": "POST"}),
    Sentence("BROWSER puts URL [BODY] [header HEADERS]", model.Request, "Puts something there.", {"method": "PUT"}),
    Sentence("BROWSER patches URL [BODY] [header HEADERS]", model.Request, "Changes a part.", {"method": "PATCH"}),
    Sentence("BROWSER deletes URL [header HEADERS]", model.Request, "Deletes what is there.", {"method": "DELETE"}),
    Sentence("BROWSER sees status HTTP_STATUS", model.SeeStatus, "The status of the last answer."),
    Sentence("BROWSER sees EXPECTED", model.SeePage, "The text of the last answer."),
    Sentence("BROWSER sees no EXPECTED", model.SeePage, "What the last answer does not say.", {"absent": True}),
    Sentence("BROWSER sees header HEADER EXPECTED", model.SeePage, "A header of the last answer."),
    Sentence("BROWSER sees field PATH EXPECTED", model.SeePage, "A field of the JSON of the last answer."),
    Sentence(
        "APPLICATION will answer REPLY [after TIME] [with status HTTP_STATUS]",
        model.Reply,
        "The next call that comes is answered so; several of them are for several calls, in their order.",
    ),
    Sentence(
        "APPLICATION will close the connection [after TIME]",
        model.Reply,
        "The next call that comes gets no answer.",
    ),
    Sentence("APPLICATION was asked EXPECTED", model.Asked, "What the last call said, without its escapes."),
    Sentence("wait TIME", model.Wait, "Time passes: a virtual clock is moved, a real one waited for."),
    Sentence("wait until MOMENT", model.WaitUntil, "Time passes until then."),
    Sentence("fault RULE", model.Fault, "From now on this goes wrong, until the scenario ends."),
    Sentence("fault off", model.FaultOff, "Nothing goes wrong any more."),
    Sentence("repeat COUNT times", model.Repeat, "Block: its steps are played so many times."),
    Sentence("together", model.Together, "Block: the steps of each phone in their order, all phones at once."),
    Sentence("for each row in TABLE", model.ForEach, "Block: its steps are played once for each row of a CSV file."),
    Sentence("check FIRST is SECOND", model.Check, "Both are the same.", {"same": True}),
    Sentence("check FIRST differs from SECOND", model.Check, "They are not the same.", {"same": False}),
)
"""Every sentence there is."""

ACTORS = {
    "PHONE": ("phone", "phone {} is 70001000001"),
    "ESME": ("esme", "esme {} is test"),
    "BROWSER": ("browser", "browser {}"),
    "APPLICATION": ("application", "application {} at *384*77#"),
}
"""Who can begin a sentence: what a person calls him, and how he is named."""

VERBS = {
    slot: tuple(dict.fromkeys(row.pattern.split()[1] for row in SENTENCES if row.pattern.startswith(f"{slot} ")))
    for slot in ACTORS
}
"""What each of them can do."""

FIRST_WORDS = frozenset(word for row in SENTENCES if (word := row.pattern.split()[0]).islower())

WITH_FIRST_WORD: Mapping[str, tuple[Sentence, ...]] = {
    word: tuple(row for row in SENTENCES if row.pattern.split()[0] == word) for word in FIRST_WORDS
}
WITH_VERB: Mapping[str, tuple[Sentence, ...]] = {
    verb: tuple(row for row in SENTENCES if row.pattern.split()[0] in ACTORS and row.pattern.split()[1] == verb)
    for verbs in VERBS.values()
    for verb in verbs
}
"""The sentences by the word that tells them apart: the first one, or what an actor does."""


def match(sentence: Sentence, reader: Reader) -> dict[str, Any] | None:
    """The fields of the step that the sentence makes of these tokens. WrongError when a slot is filled badly.

    None when they say something else; `reader.refusals` then holds what could have come where.
    """
    fields = dict(sentence.fixed)
    try:
        for group in _groups(sentence.pattern):
            _read_group(group, reader, fields)
    except UnfitError as unfit:
        reader.refusals.append(unfit)
        return None
    if reader.token is None:
        return fields
    reader.refusals.append(UnfitError(reader.at))
    return None


def wanted(refusals: Iterable[UnfitError]) -> tuple[list[str], list[str]]:
    """The words and, in words, the slots that could have come."""
    refusals = list(refusals)
    words = dict.fromkeys(refusal.word for refusal in refusals if refusal.word and refusal.listed)
    slots = dict.fromkeys(refusal.slot for refusal in refusals if refusal.slot)
    return list(words), [_PATTERN_SLOT if slot == "PATTERN" else SLOTS[slot].what for slot in slots]


class Part(NamedTuple):
    """A run of words and slots; in brackets or not."""

    elements: tuple[str, ...]
    optional: bool = False


_PARTS = re.compile(r"\[([^]]*)\]|\(([^)]*)\)|([^\s[(]+)")


@cache
def _groups(pattern: str) -> list[list[Part]]:
    """The pattern's groups in their order; the parts of one group may come in any."""
    groups: list[list[Part]] = []
    in_brackets = False
    for optional, required, element in _PARTS.findall(pattern):
        if element:
            groups.append([Part((element,))])
        else:
            if not in_brackets:
                groups.append([])
            groups[-1].append(Part(tuple((optional or required).split()), bool(optional)))
        in_brackets = not element
    return groups


def parts(pattern: str) -> list[Part]:
    """The pattern's parts in their order: the words and slots of each, and whether it may be left out."""
    return [part for group in _groups(pattern) for part in group]


def _read_group(group: list[Part], reader: Reader, fields: dict[str, Any]) -> None:
    left = list(group)
    while left:
        refusals: dict[int, UnfitError] = {}
        for position, part in enumerate(left):
            try:
                fields.update(_read_part(part, reader))
            except UnfitError as unfit:
                if unfit.at > reader.at:  # it began as this part does
                    raise
                unfit.optional = part.optional
                refusals[position] = unfit
            else:
                del left[position]
                break
        else:
            reader.refusals += refusals.values()
            if missing := next((unfit for position, unfit in refusals.items() if not left[position].optional), None):
                raise missing
            return


def _read_part(part: Part, reader: Reader) -> dict[str, object]:
    """What the part says; the reader stays in front of it when it says something else."""
    start, fields = reader.at, dict[str, object]()
    try:
        for element in part.elements:
            if element.isupper():
                fields[element.lower()] = SLOTS[element].read(reader)
            else:
                reader.word(element)
    except UnfitError:
        reader.at = start
        raise
    return fields


def way_out(word: str, known: Iterable[str]) -> str:
    """The hint about an unknown word: the nearest one that is known, or all of them."""
    names = list(dict.fromkeys(known))
    if near := get_close_matches(word, names, n=1):
        return f'did you mean "{near[0]}"?'
    return f"known: {', '.join(names)}" if names else ""


def no_number(written: str) -> tuple[str, str]:
    """What is wrong with what should be the number of a phone, and the way out."""
    return f"{written or 'nothing'} is no number of a phone", "write its digits, such as 70001000001"


def number_of(written: str) -> str | None:
    """The digits of a number in a usual format; None for what is no number."""
    try:
        return normalise_msisdn(written)
    except AddressError:
        digits = _TYPED.sub("", written)
        return digits.removeprefix("+") if _NUMBER.fullmatch(digits) else None
