"""config.toml to typed settings. A mistake names its key and what would be right.

Order, the later wins: the defaults here, the file, environment variables USSD_GATEWAY_<SECTION>_<KEY>, flags.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)
from pydantic import ValidationError as PydanticError

from ussd_gateway.dialects.table import ASYNCHRONOUS, speaker
from ussd_gateway.dialects.table import DIALECTS as AGGREGATORS
from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.network.address import AddressError, MmiKind, classify, normalise_msisdn
from ussd_gateway.network.directory import SERVICE_CODE
from ussd_gateway.outcome_rule import OutcomeRule
from ussd_gateway.smpp.receipts import DEFAULT, NumberForm, ReceiptStyle, text_writer
from ussd_gateway.smpp.ussd import DIALECTS, Marker
from ussd_gateway.subscribers.desk import hours
from ussd_gateway.subscribers.identity import passport_of

ENVIRONMENT = "USSD_GATEWAY_"
FILE_NAME = "config.toml"


_RICHEST = 10**15  # kopecks; sums of them still fit the database


class ConfigError(Exception):
    """A setting cannot be used; each line of the message names a place and the way out."""


def _kopecks(value: object) -> int:
    """Roubles as people write them, "150.00", to whole kopecks."""
    try:
        kopecks = Decimal(str(value)) * 100
        if kopecks != kopecks.to_integral_value() or abs(kopecks) > _RICHEST:
            raise ValueError
        return int(kopecks)
    except (InvalidOperation, ValueError):
        raise ValueError(f'{value!r} is no sum of money; write roubles and kopecks as "150.00"') from None


def _msisdn(value: object) -> str:
    try:
        return normalise_msisdn(str(value))
    except AddressError as error:
        raise ValueError(str(error)) from error


def _loopback(value: str) -> str:
    try:
        loopback = value == "localhost" or ip_address(value).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError("the HTTP API asks nobody for a password, so it listens on loopback only, such as 127.0.0.1")
    return value


def _dialect(value: str) -> str:
    if value not in DIALECTS:
        raise ValueError(f"known dialects: {', '.join(DIALECTS)}")
    return value


def _number_form(value: str) -> str:
    return NumberForm(value).written


def _err_form(value: object) -> str:
    """A number of digits is short for the form."""
    text = f"%0{value}d" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text if text == "none" else _number_form(text)


def _in_style(key: str) -> AfterValidator:
    """Accepts what the writers of receipts understand."""

    def check(value: Any) -> Any:
        text_writer(ReceiptStyle(**{key: value}))
        return value

    return AfterValidator(check)


def _endpoint(value: object) -> tuple[str, int] | None:
    if value in ("", None):
        return None
    host, colon, port = str(value).rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) <= 0xFFFF):
        raise ValueError('write a host and a port, such as "127.0.0.1:2776"')
    return host.removeprefix("[").removesuffix("]"), int(port)


def _hours(value: str) -> str:
    hours(value)
    return value


def _passport(value: str) -> str:
    return passport_of(value) if value else ""


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if value and not sound:
        raise ValueError('write a whole URL, such as "http://127.0.0.1:9000/ussd"')
    return value


def _aggregator_path(value: str) -> str:
    if not re.fullmatch(r"/aggregators(/[A-Za-z0-9._~-]+)+", value):
        raise ValueError('write a path below /aggregators/, such as "/aggregators/at"')
    return value


Kopecks = Annotated[int, BeforeValidator(_kopecks)]
Msisdn = Annotated[str, BeforeValidator(_msisdn)]
SystemId = Annotated[str, Field(min_length=1, max_length=15)]  # SMPP 3.4 section 5.2.1
SmppPassword = Annotated[str, Field(max_length=8)]  # section 5.2.2
UssdDialect = Annotated[str, AfterValidator(_dialect)]
Endpoint = Annotated[tuple[str, int] | None, BeforeValidator(_endpoint)]
ListName = Annotated[str, Field(min_length=1, max_length=20)]  # section 5.2.27
Predefined = Annotated[str, Field(min_length=1)]
Url = Annotated[str, AfterValidator(_url)]
Port = Annotated[int, Field(ge=0, le=65535)]
Form = Annotated[str, AfterValidator(_number_form)]  # of a number, as printf has it
Mode = Literal["transmitter", "receiver", "transceiver"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(_Section):
    """Where the gateway listens."""

    host: Annotated[str, AfterValidator(_loopback)] = "127.0.0.1"
    http_port: Port = 8080
    smpp_port: Port = 2775


class StoreSection(_Section):
    """Where the journal is kept."""

    path: Annotated[str, Field(min_length=1)] = "run/ussd_gateway.db"
    journal_mib: PositiveInt = 1024
    memory_mib: PositiveInt = 64


class Log(_Section):
    """What goes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "warning"
    format: Literal["text", "json"] = "text"


class NetworkSection(_Section):
    """What the operator decides. Times in seconds."""

    application_timeout: PositiveFloat = 10
    user_timeout: PositiveFloat = 30
    session_timeout: PositiveFloat = 180
    validity_period: PositiveFloat = 259200
    auto_provision: bool = True
    second_dial: Literal["busy", "replace"] = "busy"
    waiting_limit: PositiveInt = 100_000
    under_way_limit: PositiveInt = 1_000_000


class RetrySection(_Section):
    """Seconds between the attempts to reach a handset; empty waits for it."""

    absent: tuple[NonNegativeFloat, ...] = ()
    busy: tuple[NonNegativeFloat, ...] = ()
    memory_full: tuple[NonNegativeFloat, ...] = ()


class Smpp(_Section):
    """The SMSC. Times in seconds of real time."""

    window: PositiveInt = 500
    session_init_timeout: NonNegativeFloat = 30
    enquire_link_interval: NonNegativeFloat = 30
    response_timeout: PositiveFloat = 30
    inactivity_timeout: NonNegativeFloat = 0
    tls_port: Port = 3550
    tls_certificate: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    capture_mib: NonNegativeInt = 16
    default_messages: Annotated[tuple[Predefined, ...], Field(max_length=254)] = ()


class Menus(_Section):
    """Which menus answer."""

    directory: str = "menus"
    reload: bool = True
    utc_offset: Annotated[float, Field(ge=-12, le=14)] = 3


class SelfcareSection(_Section):
    """The operator's own service. Times in seconds."""

    enabled: bool = True
    system_id: SystemId = "selfcare"
    password: SmppPassword = "selfcare"
    password_sender: str = "3339"
    command_number: str = "111"
    password_profile: Literal["generates", "asks", "by_sms"] = "generates"
    password_reply: Literal["sms", "ussd", "both"] = "sms"
    password_length: Annotated[int, Field(ge=6, le=26)] = 8
    remembered_passwords: NonNegativeInt = 5
    password_requests_per_15_minutes: PositiveInt = 3
    password_requests_per_day: PositiveInt = 10
    sms_delay: NonNegativeFloat = 0
    log_in_failures: PositiveInt = 3
    log_in_lock: NonNegativeFloat = 1800
    argon2_time_cost: PositiveInt = 2
    argon2_memory_kib: Annotated[int, Field(ge=8, le=4 * 1024 * 1024)] = 19456
    argon2_parallelism: PositiveInt = 1
    operator: str = "mts_like"
    tariffs: str = "mts_like"
    captcha: Literal["auto", "picture", "text", "off"] = "auto"
    captcha_reveal: bool = False
    captcha_lifetime: PositiveFloat = 300
    session_idle: PositiveFloat = 1200
    session_longest: PositiveFloat = 43200
    password_ends_sessions: bool = True
    log_in_failures_per_address: PositiveInt = 30
    password_requests_per_address: PositiveInt = 30
    hosts: tuple[str, ...] = ()
    # Second numbers and the desk
    link_requests_per_day: PositiveInt = 10
    working_days: str = ""
    replaced_hold: NonNegativeFloat = 86400
    number_quarantine: NonNegativeFloat = 5184000
    desk_hours: Annotated[str, AfterValidator(_hours)] = ""
    desk_four_eyes: bool = False


class DeskAccount(_Section):
    """One of the operator's people; `password` as it is typed, or its argon2id hash ("$argon2id$...")."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    password: Annotated[str, Field(min_length=1)]
    role: Literal["consultant", "reviewer", "supervisor"]
    msisdn: Msisdn | Literal[""] = ""


class Subscriber(_Section):
    """One SIM of this operator."""

    msisdn: Msisdn
    owner: str = ""
    balance: Kopecks = 0
    tariff: str = "Смарт"
    language: Literal["ru", "en", "latin"] = "ru"
    status: Literal["active", "blocked", "voluntary_blocked", "debt_blocked", "closed"] = "active"
    passport: Annotated[str, AfterValidator(_passport)] = Field("", repr=False)


class IdpAccount(_Section):
    """A person who can log in to a social network of the simulator."""

    network: str
    id: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]


class ReceiptSection(_Section):
    """How the receipts of one account look; what each key means stands at `smpp.receipts.ReceiptStyle`."""

    pdu: Literal["deliver_sm", "data_sm"] = "deliver_sm"
    text: Annotated[str, _in_style("text")] = DEFAULT.text
    date: Annotated[str, _in_style("date")] = DEFAULT.date
    words: Annotated[dict[str, str], _in_style("words")] = {}
    id: Form = DEFAULT.id
    id_in: Literal["both", "text", "tlv", "none"] = "both"
    err: Annotated[str, BeforeValidator(_err_form)] = DEFAULT.err
    network_type: Annotated[int, Field(ge=0, le=255)] = DEFAULT.network_type

    def style(self) -> ReceiptStyle:
        """The same for those who write receipts."""
        return ReceiptStyle(**self.model_dump())


class Esme(_Section):
    """One account that may bind."""

    system_id: SystemId
    password: SmppPassword
    numbers: tuple[str, ...] = ()
    default_alphabet: Literal["gsm7", "gsm7_packed", "latin1", "ascii", "ucs2", "utf8", "cp1252"] = "gsm7"
    codes: tuple[str, ...] = ()
    ussd_dialect: UssdDialect = "standard"
    ussd_marker: Marker = Marker.EITHER
    modes: Annotated[tuple[Mode, ...], Field(min_length=1)] = ("transmitter", "receiver", "transceiver")
    max_binds: NonNegativeInt = 0
    when_bound: Literal["refuse", "replace"] = "refuse"
    window: NonNegativeInt = 0
    rate: NonNegativeFloat = 0
    deliver_window: NonNegativeInt = 0
    sticky_receipts: bool = False
    response_id: Form = DEFAULT.id
    receipt: ReceiptSection = ReceiptSection()
    deliver_by: Literal["deliver_sm", "data_sm"] = "deliver_sm"
    outbind: Endpoint = None
    outbind_password: SmppPassword = ""


class Link(_Section):
    """One bind of the gateway at other equipment."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)]
    system_id: SystemId
    password: SmppPassword
    ussd: bool = False
    ussd_dialect: UssdDialect = "standard"
    codes: tuple[str, ...] = ()
    relay: tuple[str, ...] = ()


class Application(_Section):
    """One application: exactly one of url, function and menu answers the code and the codes."""

    code: str = ""
    codes: tuple[str, ...] = ()
    url: Url = ""
    function: str = ""
    menu: str = ""
    dialect: str = "africas_talking"
    end_url: Url = ""
    timeout: NonNegativeFloat = 0
    too_long: Literal["error", "truncate"] = "error"
    settings: dict[str, Any] = {}

    @property
    def every_code(self) -> tuple[str, ...]:
        """The code and the codes."""
        return tuple(dict.fromkeys((*((self.code,) if self.code else ()), *self.codes)))

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """A key and what is wrong with it."""
        if not self.every_code:
            yield "code", 'is missing; write the code that it answers, such as "*384*77#"'
        for code in self.every_code:
            if SERVICE_CODE.fullmatch(code) and (mmi := classify(code)).kind is not MmiKind.USSD:
                yield "code", f'"{code}" never comes to an application; take another. {mmi.explanation}'
        kinds = [kind for kind in ("url", "function", "menu") if getattr(self, kind)]
        if len(kinds) != 1:
            have = f"has {' and '.join(kinds)}" if kinds else "has none of them"
            yield "url", f"an application has one of url, function and menu; this one {have}"
        if not self.url:
            for key in sorted(self.model_fields_set & {"dialect", "end_url", "timeout", "too_long", "settings"}):
                yield key, "goes with url only"
        wrong = [*_dialect_mistakes(self.dialect, self.settings)]
        yield from wrong
        if self.end_url and not wrong and not speaker(self.dialect, self.settings).notices_elsewhere:
            yield "end_url", f"the dialect {self.dialect} tells no end to a second URL"


class Aggregator(_Section):
    """One aggregator that calls us."""

    path: Annotated[str, AfterValidator(_aggregator_path)]
    dialect: str = "africas_talking"
    code: str = ""
    settings: dict[str, Any] = {}
    send_url: Url = ""

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """A key and what is wrong with it."""
        yield from _dialect_mistakes(self.dialect, self.settings)
        if not re.fullmatch(r"([*#]?[0-9][0-9*#]*)?", self.code):
            yield "code", f'"{self.code}" is no service code; one looks like *111# or *111*25#'
        if self.dialect in ASYNCHRONOUS and not self.send_url:
            yield "send_url", f"is missing; {self.dialect} takes our answers there"
        elif self.send_url and self.dialect not in ASYNCHRONOUS:
            yield (
                "send_url",
                f"goes with {', '.join(sorted(ASYNCHRONOUS))} only; {self.dialect} has our answer in its response",
            )


def _dialect_mistakes(name: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        speaker(name, settings)
    except ValueError as error:
        yield "settings" if name in AGGREGATORS or name in ASYNCHRONOUS else "dialect", str(error)


class Config(_Section):
    """Every setting."""

    server: Server = Server()
    store: StoreSection = StoreSection()
    log: Log = Log()
    network: NetworkSection = NetworkSection()
    retry: RetrySection = RetrySection()
    smpp: Smpp = Smpp()
    menus: Menus = Menus()
    selfcare: SelfcareSection = SelfcareSection()
    subscriber: tuple[Subscriber, ...] = ()
    desk: tuple[DeskAccount, ...] = ()
    idp_account: tuple[IdpAccount, ...] = ()
    esme: tuple[Esme, ...] = ()
    distribution_lists: dict[ListName, tuple[Msisdn, ...]] = {}
    fault: tuple[FaultRule, ...] = ()
    outcome: tuple[OutcomeRule, ...] = ()
    link: tuple[Link, ...] = ()
    application: tuple[Application, ...] = ()
    aggregator: tuple[Aggregator, ...] = ()

    def menus_directory(self, beside: Path | None) -> Path:
        """Where the menus are: beside the config file, or the ones that came with the program."""
        directory = (beside or Path.cwd()) / self.menus.directory
        if not directory.is_dir() and self.menus.directory == Menus().directory:
            return data_directory() / "menus"
        return directory


SECTIONS = [name for name, field in Config.model_fields.items() if isinstance(field.default, _Section)]
"""The tables of the file; the others are lists of tables, which no environment variable reaches."""


LATER = ("modem",)
"""Tables that are promised and not offered yet: told at the start, and otherwise left alone."""


class Loaded(BaseModel):
    """Settings with where each comes from: "file", "environment", "flag"; what is not named is a default.

    notices  str, one sentence each; what stands in the file and has no effect yet
    """

    model_config = ConfigDict(frozen=True)

    config: Config
    path: Path | None
    origins: dict[str, str]
    notices: tuple[str, ...] = ()


def data_directory() -> Path:
    """Where config.toml and menus/ that came with the program are: inside the wheel, or the checkout."""
    packaged = Path(__file__).parent / "data"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent


def load(
    path: str | Path | None = None,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Loaded:
    """The settings. Without `path`: config.toml of this folder if there is one, else the one that came along.

    `flags` by dotted key: {"server.http_port": 0}; without a dot a whole table, in place of the file's:
    {"application": [{"code": "*384#", "url": ...}]}. ConfigError says every mistake at once.
    """
    found = _find(path)
    values = _read(found)
    notices = tuple(f"{found.name}: {key} has no effect yet" for key in _put_aside_what_comes_later(values))
    origins = dict.fromkeys(_keys(values), "file")
    for name, value in (os.environ if environment is None else environment).items():
        if key := _environment_key(name):
            _set(values, key, value)
            origins[key] = f"environment ({name})"
    for key, value in sorted((flags or {}).items(), key=lambda flag: "." in flag[0]):  # whole tables first
        if value is not None:
            _set(values, key, value)
            origins[key] = "flag"
    try:
        config = Config.model_validate(values)
    except PydanticError as error:
        raise ConfigError("\n".join(_mistakes(error, found, origins))) from None
    _refuse_doubles(config, found)
    _refuse_wrong_applications(config, found)
    return Loaded(config=config, path=found, origins=origins, notices=notices)


def _find(path: str | Path | None) -> Path:
    if path is not None:
        return Path(path)
    here = Path(FILE_NAME)
    return here if here.is_file() else data_directory() / FILE_NAME


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name another file with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _put_aside_what_comes_later(values: dict[str, Any]) -> Iterator[str]:
    for table in LATER:
        if values.pop(table, None) is not None:
            yield table


def _environment_key(name: str) -> str | None:
    if not name.startswith(ENVIRONMENT):
        return None
    section, _, key = name.removeprefix(ENVIRONMENT).lower().partition("_")
    return f"{section}.{key}" if key and section in SECTIONS else None


def _set(values: dict[str, Any], key: str, value: Any) -> None:
    section, _, name = key.partition(".")
    if name:
        values.setdefault(section, {})[name] = value
    else:  # a whole table, or a list of them
        values[section] = dict(value) if isinstance(value, Mapping) else value


def _keys(values: Mapping[str, Any]) -> Iterator[str]:
    for section, content in values.items():
        if isinstance(content, Mapping):
            yield from (f"{section}.{name}" for name in content)
        else:
            yield section


def _mistakes(error: PydanticError, path: Path, origins: Mapping[str, str]) -> Iterator[str]:
    for mistake in error.errors():
        key = re.sub(r"\.(\d+)", r"[\1]", ".".join(map(str, mistake["loc"])))
        origin = origins.get(key, "file")
        place = path.name if origin == "file" else origin
        yield f"{place}: {key}: {_said(mistake, key)}"


def _said(mistake: Any, key: str) -> str:
    if mistake["type"] == "extra_forbidden":
        name = str(mistake["loc"][-1])
        known = _known_names(mistake["loc"])
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
        return f"there is no such key; {hint}"
    if mistake["type"] == "tuple_type" and len(mistake["loc"]) > 1:
        return f"{mistake['input']!r} cannot be used: write a list in brackets"
    if mistake["type"] == "tuple_type":
        return f"there can be several; write each as [[{key}]]"
    if mistake["type"] == "missing":
        return "is missing"
    message = str(mistake["msg"])
    ours = message.removeprefix("Value error, ")  # it may begin with a name that somebody wrote
    said = ours if ours != message else message[0].lower() + message[1:]
    seen = "what is written" if key.endswith("passport") else repr(mistake["input"])
    return f"{seen} cannot be used: {said}"


def _known_names(location: tuple[Any, ...]) -> list[str]:
    model: Any = Config
    for step in location[:-1]:
        if isinstance(step, str):
            annotation = model.model_fields[step].annotation
            model = getattr(annotation, "__args__", (annotation,))[0]
    return list(model.model_fields)


def _refuse_doubles(config: Config, path: Path) -> None:
    for name, values in (
        ("desk.name", [account.name for account in config.desk]),
        ("subscriber.msisdn", [subscriber.msisdn for subscriber in config.subscriber]),
        ("esme.system_id", [esme.system_id for esme in config.esme] + [config.selfcare.system_id]),
        ("idp_account.id", [f"{account.id} of {account.network}" for account in config.idp_account]),
        ("aggregator.path", [aggregator.path for aggregator in config.aggregator]),
    ):
        for value in sorted({value for value in values if values.count(value) > 1}):
            raise ConfigError(f"{path.name}: {name}: {value} is there twice; each can be there once")


def _refuse_wrong_applications(config: Config, path: Path) -> None:
    tables: Mapping[str, tuple[Application | Aggregator, ...]]
    tables = {"application": config.application, "aggregator": config.aggregator}
    mistakes = [
        f"{path.name}: {name}[{index}].{key}: {said}"
        for name, table in tables.items()
        for index, row in enumerate(table)
        for key, said in row.mistakes()
    ]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
