"""The command line: `ussd-gateway`. Data goes to standard output, words to standard error."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import re
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import click

from ussd_gateway.config import Config, ConfigError, Log, load
from ussd_gateway.connect.command import connect_command
from ussd_gateway.load.command import load_command
from ussd_gateway.menu_command import menu_command
from ussd_gateway.scenario.command import NO_GATEWAY, play_command
from ussd_gateway.scenario.import_command import import_command
from ussd_gateway.scenario.record_command import record_command
from ussd_gateway.scenario.script_command import script_command

_ANSWER_TIME = 300.0  # seconds that `dial` waits for a screen; an application may be slow, or a clock stand still
GATEWAY = "http://127.0.0.1:8080"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(version("ussd-gateway"), prog_name="ussd-gateway")
def main() -> None:
    """A mobile operator on your laptop: USSD and SMS for phones, testers and integration tests."""
    _log_as(Log())


main.add_command(play_command)
main.add_command(script_command)
main.add_command(import_command)
main.add_command(record_command)
main.add_command(load_command)
main.add_command(connect_command)
main.add_command(menu_command)


@main.command()
@click.option("--config", "path", type=click.Path(dir_okay=False), help="The settings; config.toml of this folder.")
@click.option("--store", metavar="FILE|:memory:", help="Where the journal is kept.")
@click.option("--host", help="Where to listen; 127.0.0.1.")
@click.option("--smpp-port", type=int, help="2775; 0 takes a free one.")
@click.option("--http-port", type=int, help="8080; 0 takes a free one.")
@click.option("--at-port", type=int, hidden=True)  # fixed for the modem that is still to come
@click.option(
    "--virtual-clock",
    is_flag=False,
    flag_value="",
    metavar="[START]",
    help="Time stands still from now, or from START such as 2018-04-27T17:50:00+03:00, until POST /clock moves it.",
)
@click.option("--ready-file", type=click.Path(dir_okay=False), help="Gets the addresses as JSON once all listen.")
def serve(
    path: str | None,
    store: str | None,
    host: str | None,
    smpp_port: int | None,
    http_port: int | None,
    at_port: int | None,
    virtual_clock: str | None,
    ready_file: str | None,
) -> None:
    """Start the operator: every interface, until Ctrl-C."""
    from ussd_gateway.clock import VirtualClock
    from ussd_gateway.serve import Gateway, ListenError
    from ussd_gateway.store.store import StoreError

    flags = {
        "store.path": store,
        "server.host": host,
        "server.smpp_port": smpp_port,
        "server.http_port": http_port,
    }

    if ready_file and not Path(ready_file).parent.is_dir():
        _fail(f"--ready-file {ready_file}: there is no folder {Path(ready_file).parent}")

    async def run() -> None:
        clock = VirtualClock(virtual_clock or None) if virtual_clock is not None else None
        loaded = load(path, flags)
        _log_as(loaded.config.log)
        beside = loaded.path.parent if loaded.path else None
        async with Gateway(loaded.config, clock=clock, beside=beside) as gateway:
            stop = _stopped_by_signal()
            gc.freeze()  # what was made at the start stays; the collector need not look at it again and again
            _announce(gateway, loaded.config)
            for notice in (*loaded.notices, *(["--at-port has no effect yet"] if at_port is not None else [])):
                _say(f"Note: {notice}.")
            if ready_file:
                _write_ready_file(Path(ready_file), gateway)
            await stop.wait()
            _say("Stopping.")

    try:
        asyncio.run(run())
    except (ConfigError, ListenError, StoreError, ValueError) as error:
        _fail(str(error))


@main.command()
@click.argument("code")
@click.option("--from", "msisdn", required=True, metavar="MSISDN", help="Who dials.")
@click.option("--answer", "answers", multiple=True, metavar="TEXT", help="What to type; once for each question.")
@click.option("--gateway", default=GATEWAY, show_default=True, metavar="URL")
@click.option("--json", "as_json", is_flag=True, help="Each screen as one JSON object a line.")
def dial(code: str, msisdn: str, answers: tuple[str, ...], gateway: str, as_json: bool) -> None:
    """Dial CODE, print each screen, and leave on the last one."""
    from ussd_gateway.scenario.driver import NoGatewayError
    from ussd_gateway.scenario.remote import Api, RefusedError

    path = f"handsets/{msisdn.removeprefix('+')}/ussd"
    _require_number(msisdn)

    async def run() -> None:
        async with Api(gateway, answer_time=_ANSWER_TIME) as api:
            screen = await api.call("POST", path, body={"dial": code})
            _show(screen, as_json)
            for answer in answers:
                if screen["state"] != "awaiting_answer":
                    _fail(f"the dialogue ended ({screen['outcome']}) before --answer {answer!r}", 1)
                screen = await api.call("POST", path, body={"answer": answer})
                _show(screen, as_json)
            if screen["state"] == "awaiting_answer":
                await api.call("DELETE", path)
            elif screen["outcome"] != "success":
                sys.exit(1)

    try:
        asyncio.run(run())
    except NoGatewayError as error:
        _fail(str(error), NO_GATEWAY)
    except RefusedError as error:
        _fail(str(error), 1)


@main.command()
@click.option("--from", "source", required=True, metavar="A", help="Who sends: a number or a name.")
@click.option("--to", "destination", required=True, metavar="B", help="Who receives.")
@click.argument("text")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=2775, show_default=True)
@click.option("--system-id", default="test", show_default=True)
@click.option("--password", default="test", show_default=True)
@click.option("--receipt", is_flag=True, help="Ask for a delivery receipt and wait for it.")
@click.option("--json", "as_json", is_flag=True, help="The answer as a JSON object.")
def send(source: str, destination: str, text: str, as_json: bool, **where: Any) -> None:
    """Send TEXT as an ESME does: bind to any SMSC, submit_sm, print the message_id."""
    from ussd_gateway.send import SendError
    from ussd_gateway.send import send as submit

    try:
        sent = asyncio.run(submit(source, destination, text, **where))
    except (SendError, ValueError) as error:
        _fail(str(error), 1)
    if as_json:
        click.echo(json.dumps({"message_id": sent.message_id, "receipt": sent.receipt}))
    else:
        click.echo(sent.message_id if sent.receipt is None else f"{sent.message_id} {sent.receipt}")


@main.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@click.option("--config", "path", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True)
def show(path: str | None, as_json: bool) -> None:
    """Print the settings in force and where each comes from; passwords are hidden."""
    loaded = _loaded(path)
    values = {key: _hidden(key, value) for key, value in _flat(loaded.config)}
    if as_json:
        rows = {key: {"value": value, "from": loaded.origins.get(key, "default")} for key, value in values.items()}
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    _say(f"{loaded.path}")
    for key, value in values.items():
        click.echo(f"{key} = {value}  # {loaded.origins.get(key.split('[')[0], 'default')}")


@config.command(name="check")
@click.option("--config", "path", type=click.Path(dir_okay=False))
def check_config(path: str | None) -> None:
    """Read the settings, and the menus that they name, and tell every mistake."""
    from ussd_gateway.serve import Gateway
    from ussd_gateway.store.store import MEMORY

    loaded = _loaded(path)
    try:
        Gateway.from_config(loaded.path, flags={"store.path": MEMORY}).store.close()
    except (ConfigError, ValueError) as error:
        _fail(str(error))
    for notice in loaded.notices:
        _say(f"Note: {notice}.")
    _say(f"{loaded.path}: no mistakes.")


def _loaded(path: str | None) -> Any:
    try:
        return load(path)
    except ConfigError as error:
        _fail(str(error))


def _hidden(key: str, value: Any) -> Any:
    """The value, without what is secret: a password or a passport, wherever it is."""
    if isinstance(value, dict):
        return {name: _hidden(name, inner) for name, inner in value.items()}
    if key.endswith("url"):
        return re.sub(r"(?<=://)([^/?#@]*?):[^/?#]*@", r"\1:********@", value)
    return "********" if key.endswith(("password", "passport")) else value


def _flat(config: Config) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for section, content in config.model_dump(mode="json", exclude_none=True).items():
        if isinstance(content, dict):
            rows += [(f"{section}.{key}", value) for key, value in content.items()]
        else:
            for index, entry in enumerate(content):
                rows += [(f"{section}[{index}].{key}", value) for key, value in entry.items()]
    return rows


def _announce(gateway: Any, config: Config) -> None:
    account = f"  (account {config.esme[0].system_id})" if config.esme else ""
    _say(f"ussd_gateway {version('ussd-gateway')} is ready; Ctrl-C stops it.")
    _say(f"  http   {gateway.http_url}")
    _say(f"  smpp   {gateway.smpp}{account}")
    if gateway.smpps:
        _say(f"  smpps  {gateway.smpps}")
    _say(f"  store  {config.store.path}")
    if gateway.faults:
        _say(f"  FAULTS {gateway.faults.banner()}")
    number = config.subscriber[0].msisdn if config.subscriber else "70001000001"
    elsewhere = "" if gateway.http_url == GATEWAY else f" --gateway {gateway.http_url}"
    _say("Try, in another terminal:")
    _say(f"  ussd-gateway dial '*111*25#' --from {number}{elsewhere}")
    _say(f"  curl '{gateway.http_url}/api/v1/handsets/{number}/sms?wait=5'")
    _say(f"and log in at {gateway.http_url}/cabinet with the number and the password that came.")


def _write_ready_file(path: Path, gateway: Any) -> None:
    ready = {
        "pid": os.getpid(),
        "http": gateway.http_url,
        "smpp": gateway.smpp,
        "smpps": gateway.smpps,
        "at": None,
        "pty": None,
    }
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(ready) + "\n")
    part.replace(path)  # whoever waits for the file never reads half of it


def _stopped_by_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _log_as(settings: Log) -> None:
    """Send the log to standard error."""
    import structlog

    level = getattr(logging, settings.level.upper())
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.format == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)


def _show(screen: dict[str, Any], as_json: bool) -> None:
    click.echo(json.dumps(screen, ensure_ascii=False) if as_json else screen["text"])


def _require_number(msisdn: str) -> None:
    if not msisdn.removeprefix("+").isdigit():
        _fail(f"--from {msisdn}: write the digits of a number, such as 70001000001")


def _say(words: str) -> None:
    click.echo(words, err=True)


def _fail(words: str, code: int = 2) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(code)
