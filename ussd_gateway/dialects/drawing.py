"""Every dialect as the page about aggregators shows it, drawn by letting it speak. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ussd_gateway.dialects.description import KEYS
from ussd_gateway.dialects.model import Call, Kind, Reply, Request, Response, Turn
from ussd_gateway.dialects.settings import Setting, shown
from ussd_gateway.dialects.table import ASYNCHRONOUS, DIALECTS

_WORDS = {Kind.END: "end", Kind.ABORT: "abort", Kind.TIMEOUT: "time-out", Kind.FAILED: "failure"}


def dialects_table() -> str:
    """All dialects in a table, as Markdown."""
    rows: list[tuple[str, ...]] = [("dialect", "call", "ends that are told", "octets", "answer", "user", "session")]
    rows.append(("---",) * len(rows[0]))
    for name, made in _made():
        limits = made.limits
        where = " (second URL)" * made.notices_elsewhere
        told = ", ".join(word for kind, word in _WORDS.items() if made.call(_turn(kind)))
        seconds = (limits.answer_timeout, limits.user_timeout, limits.session_timeout)
        rows.append(
            (
                f"[`{name}`](#{name})",
                _transport(made.call(_turn(Kind.NEW))),
                told + where if told else "none",
                f"{limits.octets}{f', {limits.characters} characters' * bool(limits.characters)}",
                *(f"{value:g} s" if value else "" for value in seconds),
            )
        )
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def dialects_spoken() -> str:
    """A dialogue in each dialect and its settings, as Markdown."""
    return "\n".join(part for name, made in _made() for part in _spoken(name, made))


def generic_keys() -> str:
    """The keys of a dialect that somebody describes, as Markdown."""
    return _settings(KEYS)


def _made() -> Iterable[tuple[str, Any]]:
    """Each dialect that needs no description, without settings. One that is asynchronous writes requests for answers."""
    return ((name, make({})) for name, make in {**DIALECTS, **ASYNCHRONOUS}.items() if name != "generic")


def _turn(kind: Kind) -> Turn:
    number = {Kind.NEW: 1, Kind.ANSWER: 2}.get(kind, 3)
    inputs = ("2",) if number == 1 else ("2", "50")
    text = "50" if kind is Kind.ANSWER else ""
    return Turn(kind, "1", "233540000001", "*384*77#", "*384*77*2#", text, inputs, number, last_reply="...")


def _spoken(name: str, made: Any) -> Iterable[str]:
    yield f"### {name}\n"
    yield "```text"
    yield f"*384*77*2# is dialled  {_request(made.call(_turn(Kind.NEW)))}"
    yield f"an answer, 50          {_request(made.call(_turn(Kind.ANSWER)))}"
    if end := made.call(_turn(Kind.ABORT)):
        yield f"the user hangs up      {_request(end)}"
    yield f"it goes on             {_answer(made, False)}"
    yield f"it ends                {_answer(made, True)}"
    yield "```"
    if made.settings:
        yield f"\n{_settings(made.settings)}"
    else:
        yield ""


def _settings(settings: Mapping[str, Setting]) -> str:
    rows = [("key", "default", "meaning"), ("---",) * 3]
    for key, setting in settings.items():
        allowed = f"; one of {', '.join(f'`{value}`' for value in setting.allowed)}" if setting.allowed else ""
        rows.append((f"`{key}`", _default(setting), f"{_plain(setting.about)}{allowed}"))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _default(setting: Setting) -> str:
    match setting.default:
        case None:
            return "must be given"
        case ():
            return "`[]`"
        case Mapping():
            return "`{}`"
        case value:
            return f"`{shown(value)}`"


def _transport(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].rpartition("/")[2]
    return f"{request.method} {kind.removeprefix('x-www-').removesuffix('-urlencoded').replace('json', 'JSON').replace('xml', 'XML')}".strip()


def _request(request: Request) -> str:
    """A request on one line, without escapes; names of headers and their values in front."""
    form = request.query or "urlencoded" in request.headers.get("content-type", "")
    body = "&".join(f"{name}={value}" for name, value in request.form().items()) if form else request.body.decode()
    return " ".join(filter(None, (request.method, request.path, *_headers(request.headers), _on_one_line(body))))


def _answer(made: Any, ends: bool) -> str:
    """What an application says, as a response, or as the request that an asynchronous one makes of it."""
    call: Call = made.read_call(made.call(_turn(Kind.NEW)))
    reply = Reply("Done." if ends else "Amount?", ends)
    if hasattr(made, "write_send"):
        return _request(made.write_send(reply, call))
    response: Response = made.write_reply(reply, call)
    return " ".join((*_headers(response.headers), _on_one_line(response.text)))


def _on_one_line(body: str) -> str:
    """A body without line ends, and without the declaration of XML."""
    return " ".join(body.removeprefix('<?xml version="1.0" encoding="UTF-8"?>').split())


def _headers(headers: Mapping[str, str]) -> Iterable[str]:
    return (f"{name}: {value};" for name, value in headers.items() if name != "content-type")


def _plain(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|").replace("*", "\\*")
