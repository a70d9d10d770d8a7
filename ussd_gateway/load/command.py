"""The commands `load sms`, `load ussd` and `load script`. Figures go to standard output, progress to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ussd_gateway.scenario.command import STDOUT, SUFFIX, read_scripts, write_text

if TYPE_CHECKING:
    from ussd_gateway.load.threshold import Threshold
    from ussd_gateway.scenario.model import Script

MISSED, WRONG, NO_SERVER = 1, 2, 3  # the exit codes; 0 is: every threshold kept
_POSITIVE = click.FloatRange(0, min_open=True)

_Command = Callable[..., Any]


class _Loads(click.Group):
    """A script needs no word before it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and any(word.endswith(SUFFIX) for word in args):
            args = ["script", *args]
        return super().parse_args(ctx, args)


@click.group("load", cls=_Loads)
def load_command() -> None:
    """Many messages or dialogues at once, and how long each took.

    `load FILE.ussd` is short for `load script FILE.ussd`.

    --threshold EXPR asks something of the figures: p99<20ms, msg_per_s>50000, errors==0, lost==0, receipt_p99<100ms,
    own_cpu<80%; of a script, also failed==0, line 12 p99<30ms, each line p99<50ms. Exit status: 0 all kept, 1 one was
    missed or has no data, 2 an option or a script is wrong, 3 there is no server.
    """


def _common(command: _Command) -> _Command:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="The figures as one line of JSON."),
        click.option("--threshold", "thresholds", multiple=True, metavar="EXPR", help="Such as p99<20ms; repeatable."),
        click.option("--seconds", type=_POSITIVE, help="How long; 10 where no --count says how many."),
        click.option("--count", type=click.IntRange(1), help="How many."),
    ):
        command = option(command)
    return command


@load_command.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=2775, show_default=True)
@click.option("--system-id", default="test", show_default=True)
@click.option("--password", default="test", show_default=True)
@click.option("--binds", type=click.IntRange(1, 10_000), default=1, show_default=True)
@click.option(
    "--window",
    type=click.IntRange(1, 1_000_000),
    help="Unanswered submit_sm of a bind; 10, and no bound with --rate.",
)
@click.option(
    "--rate", type=_POSITIVE, help="Messages a second, all binds together, answered or not; else all it takes."
)
@click.option("--warmup", type=click.FloatRange(0), default=0.0, help="Seconds at the start that do not count.")
@click.option("--receipts", is_flag=True, help="Ask for receipts, wait for all of them, count lost and doubled ones.")
@click.option("--text", default="Hello", show_default=True)
@click.option("--from", "source", default="5000", show_default=True, metavar="A")
@click.option("--to", default="70001000001", show_default=True, metavar="B|B-C", help="A number, or a range of them.")
@click.option("--users", type=click.IntRange(1), help="So many numbers receive, from --to on.")
@click.option("--patience", type=_POSITIVE, default=10.0, show_default=True, help="Seconds of silence that end it.")
@click.option("--pid", type=int, help="The server's process, whose CPU time and memory are told too.")
@_common
def sms(
    to: str, users: int | None, text: str, as_json: bool, thresholds: Sequence[str], window: int | None, **given: Any
) -> None:
    """Submit SMS as an ESME does, to any SMSC.

    Without --rate each bind keeps its window full: how much the server takes. With --rate a message is due at its
    moment, and its time runs from then, also when the server or the window holds it back.
    """
    from ussd_gateway.coding.data_coding import encode_sms
    from ussd_gateway.load.figures import LoadError
    from ussd_gateway.load.sms import SmsLoad, SmsPlan
    from ussd_gateway.load.submits import numbers_of
    from ussd_gateway.smpp.errors import PduError

    bounds = _parsed(thresholds)
    data_coding, short_message = encode_sms(text)
    try:
        numbers = numbers_of(to, users)
    except ValueError as error:
        _fail(f"--to {error}")
    if window is None and not given["rate"]:
        window = 10
    plan = SmsPlan(numbers=numbers, data_coding=data_coding, short_message=short_message, window=window, **given)
    try:
        figures = SmsLoad(plan, _say).run()
    except PduError as error:
        _fail(str(error))
    except LoadError as error:
        _fail(str(error), NO_SERVER)
    _show(figures, bounds, as_json)


@load_command.command()
@click.option("--gateway", default="http://127.0.0.1:8080", show_default=True, metavar="URL")
@click.option("--dial", "code", default="*111#", show_default=True, metavar="CODE")
@click.option("--answer", "answers", multiple=True, metavar="TEXT", help="What to type; once for each question.")
@click.option("--from", "source", default="70009000001", show_default=True, metavar="A|A-B", help="The users' numbers.")
@click.option("--users", type=click.IntRange(1), help="So many users, from --from on; 10.")
@click.option(
    "--rate", type=_POSITIVE, help="Dialogues a second, all users together; else each begins the next at once."
)
@click.option("--patience", type=_POSITIVE, default=30.0, show_default=True, help="Seconds to wait for a screen.")
@click.option("--pid", type=int, help="The gateway's process, whose CPU time and memory are told too.")
@_common
def ussd(source: str, users: int | None, gateway: str, as_json: bool, thresholds: Sequence[str], **given: Any) -> None:
    """Dial and answer as many users do, over the HTTP API of a gateway.

    A message is a screen, and its time runs from the dial or the answer to what the phone shows; with --rate that of
    the first screen runs from the moment at which the dialogue was due.
    """
    from ussd_gateway.load.figures import LoadError
    from ussd_gateway.load.submits import numbers_of
    from ussd_gateway.load.ussd import UssdLoad, UssdPlan

    bounds = _parsed(thresholds)
    try:
        numbers = numbers_of(source, users or (None if "-" in source else 10))
    except ValueError as error:
        _fail(f"--from {error}")
    try:
        figures = UssdLoad(UssdPlan(gateway=gateway.rstrip("/"), numbers=numbers, **given), _say).run()
    except LoadError as error:
        _fail(str(error), NO_SERVER)
    _show(figures, bounds, as_json)


@load_command.command()
@click.argument("file", metavar=f"FILE{SUFFIX}", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--gateway", default="http://127.0.0.1:8080", show_default=True, metavar="URL")
@click.option("--users", type=click.IntRange(1), default=10, show_default=True, help="So many play it.")
@click.option(
    "--rate", type=_POSITIVE, help="Dialogues a second, all users together; else each begins the next at once."
)
@click.option(
    "--from", "source", default="70009000001", show_default=True, metavar="A", help="The first number of the users."
)
@click.option("--scenario", "titles", multiple=True, metavar="TITLE", help="Play this one; repeatable.")
@click.option("--tag", "tags", multiple=True, metavar="NAME", help="Play what has this tag; !NAME: what has it not.")
@click.option("--patience", type=_POSITIVE, default=30.0, show_default=True, help="Seconds to wait for a screen.")
@click.option("--csv", metavar="FILE", help="Write a row for each second; - is standard output.")
@click.option("--svg", metavar="FILE", help="Draw rate and latency over time; - is standard output.")
@click.option("--pid", type=int, help="The gateway's process, whose CPU time and memory are told too.")
@_common
def script(
    file: Path,
    source: str,
    users: int,
    titles: Sequence[str],
    tags: Sequence[str],
    as_json: bool,
    thresholds: Sequence[str],
    csv: str | None,
    svg: str | None,
    **given: Any,
) -> None:
    """Play a scripted session as many users do, on a gateway that runs in real time.

    A dialogue is one scenario; scenarios take turns. Each user has a number of his own for each phone of the script. With
    --rate the time of the first step runs from the moment at which the dialogue was due. Ctrl-C ends it and tells what
    there is.
    """
    from ussd_gateway.load.course import as_csv
    from ussd_gateway.load.figures import LoadError
    from ussd_gateway.load.lines import Lines
    from ussd_gateway.load.picture import svg as as_svg
    from ussd_gateway.load.progress import told
    from ussd_gateway.load.script import ScriptLoad, ScriptPlan, phones_of
    from ussd_gateway.load.submits import numbers_of
    from ussd_gateway.load.unfit import unfit

    written = {"--csv": csv, "--svg": svg}
    to_stdout = [name for name, path in written.items() if path == STDOUT] + ["--json"] * as_json
    if len(to_stdout) > 1:
        _fail(f"only one of {' and '.join(to_stdout)} can go to standard output")
    for name, path in written.items():
        if path and not Path(path).parent.is_dir():
            _fail(f"{name} {path}: there is no folder {Path(path).parent}")
    played = _chosen(file, titles, tags)
    if mistakes := unfit(played):
        _fail("\n\n".join(mistakes))
    bounds = _parsed(thresholds, Lines(played.scenarios).places)
    phones = users * len(phones_of(played))
    try:
        numbers = tuple(numbers_of(source, phones)) if phones else ()
    except ValueError as error:
        _fail(f"--from {error}")
    plan = ScriptPlan(played, numbers, users=users, **given)
    try:
        with told() as say:
            figures = ScriptLoad(plan, say).run()
    except LoadError as error:
        _fail(str(error), NO_SERVER)
    if csv:
        write_text(csv, as_csv(figures["per_second"]))
    if svg:
        write_text(svg, as_svg(figures))
    _show(figures, bounds, as_json, err=csv == STDOUT or svg == STDOUT)


def _chosen(file: Path, titles: Sequence[str], tags: Sequence[str]) -> Script:
    """The scenarios that are asked for; ends the program when there are none, or the file is wrong."""
    from ussd_gateway.scenario.language import way_out
    from ussd_gateway.scenario.selection import SelectionError, only, tagged

    scripts = read_scripts([file])
    known = [scenario.name for scenario in scripts[0].scenarios]
    for title in titles:
        if title not in known:
            _fail(f'{file} has no scenario "{title}"\n{way_out(title, known)}'.strip())
    try:
        found = tagged(scripts, tags)
    except SelectionError as error:
        _fail(str(error))
    found = only(found, lambda _, scenario: not titles or scenario.name in titles)
    if not found:
        _fail("no scenario is left by what --tag and --scenario say")
    return found[0]


def _parsed(thresholds: Sequence[str], lines: Sequence[tuple[str, int]] = ()) -> list[Threshold]:
    from ussd_gateway.load.threshold import ThresholdError, parse

    try:
        return [parse(expression, lines) for expression in thresholds]
    except ThresholdError as error:
        _fail(f"--threshold {error}")


def _show(figures: Mapping[str, Any], bounds: Sequence[Threshold], as_json: bool, *, err: bool = False) -> None:
    """Print the figures; ends the program with status 1 when a threshold is missed."""
    from ussd_gateway.load.report import failed, lines_table, table, warning
    from ussd_gateway.load.threshold import missed

    failures = missed(bounds, figures)
    if as_json:
        click.echo(json.dumps({**figures, "missed": failures}, ensure_ascii=False))
    else:
        from rich.console import Console

        console = Console(highlight=False, markup=False, emoji=False, stderr=err)
        if "steps" in figures:
            console.print(lines_table(figures), "", sep="\n", soft_wrap=True)
        console.print(table(figures))
        for words in failed(figures):
            console.print(words, soft_wrap=True)
    for words in (warning(figures), *failures):
        if words:
            _say(words)
    if failures:
        sys.exit(MISSED)


def _say(words: str) -> None:
    click.echo(words, err=True)


def _fail(words: str, code: int = WRONG) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(code)
