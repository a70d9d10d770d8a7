"""The command `record`: follows what happens on a gateway, and writes a script of it when it is stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ussd_gateway.scenario.command import FAILED, NO_GATEWAY, fail

if TYPE_CHECKING:
    from ussd_gateway.scenario.recording import Place, Recording
    from ussd_gateway.scenario.remote import Api

GATEWAY = "http://127.0.0.1:8080"
PAUSES = 60.0  # seconds
_TOLD_EVERY = 1.0  # seconds between two words on standard error

Event = tuple[int, str, dict[str, Any]]


@click.command("record")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--gateway", default=GATEWAY, show_default=True, metavar="URL", help="Where it happens.")
@click.option("--after", metavar="N", type=click.IntRange(min=0), help="Begin behind event N; 0: the oldest kept.")
@click.option(
    "--pauses",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=PAUSES,
    show_default=True,
    help="Of real time; a pause as long as that becomes a wait. Those of a virtual clock all do.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def record_command(file: Path, gateway: str, after: int | None, pauses: float, force: bool) -> None:
    """Follow what happens on a gateway until Ctrl-C, and write a script of it that passes when it is played.

    Exit status: 0 it is written, 1 nothing was recorded, 2 it cannot be written there, 3 no gateway there.
    """
    if file.exists() and not force:
        fail(f"{file} is there already; --force writes over it")
    if not file.parent.is_dir():
        fail(f"{file}: there is no folder {file.parent}")
    from ussd_gateway.scenario.driver import NoGatewayError
    from ussd_gateway.scenario.report import counted

    try:
        recording = asyncio.run(recorded(gateway, after, pauses))
    except NoGatewayError as error:
        fail(str(error), NO_GATEWAY)
    try:
        draft = recording.draft(str(file))
    except ValueError as error:
        fail(f"{error}; {file} is not written", FAILED)
    try:
        written = _write(file, draft.text, force=force)
    except OSError as error:  # what happened does not happen again
        click.echo(draft.text, nl=False)
        fail(f"{file}: {error.strerror}; the script went to standard output")
    steps = counted(len(draft.script.scenarios[0].steps), "step")
    click.echo(f"{written}: {steps}. `ussd-gateway play {written}` plays it.", err=True)
    for sentence in draft.unrecorded:
        click.echo(f"not recorded: {sentence}", err=True)


async def recorded(
    url: str,
    after: int | None,
    pauses: float,
    stop: asyncio.Event | None = None,
    begun: Callable[[], None] = lambda: None,
) -> Recording:
    """What happens on the gateway at `url` until `stop` is set, or the gateway ends.

    after   the number of an event: from behind it on; None from now on
    pauses  as `Recording` has them
    stop    None is SIGINT, SIGTERM and SIGHUP, which a terminal sends that is closed
    begun   is called when nothing is missed any more

    NoGatewayError when none answers there.
    """
    from ussd_gateway.scenario.recording import Recording
    from ussd_gateway.scenario.remote import Api

    stop = stop or _stopped_by_signal()
    async with Api(url) as api:
        virtual = await api.has_virtual_clock()
        behind = await _newest(api) if after is None else after
        async with api.stream("events", {"after": str(behind)}) as lines:
            recording = Recording(await _place(api, virtual, now=after is None), pauses=pauses)
            click.echo("Recording; Ctrl-C ends it.", err=True)
            begun()
            await _follow(recording, _events(lines), behind, _stopped(stop, api))
    return recording


async def _newest(api: Api) -> int:
    """The number of the newest event."""
    return int((await api.call("GET", "gateway"))["newest_event"])


async def _stopped(stop: asyncio.Event, api: Api) -> int:
    """The number of the last event that had happened when it was stopped."""
    from ussd_gateway.scenario.driver import NoGatewayError

    await stop.wait()
    try:
        return await _newest(api)
    except NoGatewayError:  # what has come is all there is
        return 0


async def _place(api: Api, virtual: bool, *, now: bool) -> Place:
    """What is known of the gateway; how things stand only where the recording begins now."""
    from ussd_gateway.scenario.recording import Place

    gateway = await api.call("GET", "gateway")
    handsets = (await api.call("GET", "handsets"))["handsets"] if now else []
    faults = await api.read_list("faults") if now else []
    applications = (await api.call("GET", "applications"))["applications"]
    numbers = {number for esme in gateway["esmes"] for number in esme["numbers"]}
    return Place(
        virtual=virtual,
        utc_offset=float(gateway["utc_offset"]),
        inner=frozenset(esme["system_id"] for esme in gateway["esmes"] if esme["inner"]),
        constant=frozenset({*numbers, *gateway["subscribers"]}),
        faults=[{key: value for key, value in rule.items() if key not in ("seen", "hits")} for rule in faults],
        answers={code: one["kind"] for one in applications for code in one["codes"] if one["kind"] in ("esme", "url")},
        handsets={handset["msisdn"]: handset for handset in handsets},
    )


async def _follow(
    recording: Recording, events: AsyncIterator[Event], reached: int, stopped: Coroutine[Any, Any, int]
) -> None:
    """Take the events behind number `reached`; once it is `stopped`, up to the number that this gives."""
    from ussd_gateway.scenario.report import counted

    loop = asyncio.get_running_loop()
    last = asyncio.create_task(stopped)
    following: asyncio.Future[Event | None] | None = None
    told_at = 0.0
    told = 0
    try:
        while not (last.done() and reached >= last.result()):
            following = following or asyncio.ensure_future(anext(events, None))
            awaited: set[asyncio.Future[Any]] = {following} if last.done() else {following, last}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                continue
            event, following = following.result(), None
            if event is None:
                click.echo("the gateway has ended", err=True)
                return
            reached = event[0]
            recording.take(*event)
            if len(recording) != told and loop.time() - told_at >= _TOLD_EVERY:
                told, told_at = len(recording), loop.time()
                click.echo(f"{counted(told, 'step')} so far", err=True)
    finally:
        last.cancel()
        if following:
            following.cancel()
            await asyncio.wait({following})


async def _events(lines: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """The events of a stream of Server-Sent Events, as GET /api/v1/events writes it."""
    number, kind, data = 0, "", ""
    async for line in lines:
        name, _, value = line.decode().rstrip("\r\n").partition(": ")
        if name == "id":
            number = int(value)
        elif name == "event":
            kind = value
        elif name == "data":
            data = value
        elif not name and kind:
            yield number, kind, json.loads(data)
            kind = ""


def _write(file: Path, text: str, *, force: bool) -> Path:
    """Writes all of it or nothing; what has come into being meanwhile stays, and the recording is beside it."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(text, encoding="utf-8")
    if force:
        part.replace(file)
        return file
    try:
        os.link(part, file)
    except FileExistsError:
        return part
    part.unlink()
    return file


def _stopped_by_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
