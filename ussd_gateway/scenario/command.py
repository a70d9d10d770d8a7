"""The command `play`. Reports go to standard output, or to standard error when standard output takes a file of data."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from ussd_gateway.scenario.model import Script
    from ussd_gateway.scenario.result import Result

SUFFIX = ".ussd"
FAILED, WRONG, NO_GATEWAY = 1, 2, 3  # the exit codes; 0 is: all passed
STDOUT = "-"


@click.command("play")
@click.argument("paths", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--gateway", metavar="URL", help="Play on this gateway; otherwise each file gets one of its own.")
@click.option("--config", type=click.Path(dir_okay=False), help="The settings of the gateways that files get.")
@click.option("--jobs", metavar="N", type=click.IntRange(min=0), default=1, help="Play N files at once; 0: one a core.")
@click.option("--tag", "tags", metavar="NAME", multiple=True, help="Play what has this tag; !NAME: what has it not.")
@click.option("--failed", is_flag=True, help="Play only what failed when it was played last from this folder.")
@click.option("--shuffle", metavar="SEED", help="Shuffle files, and scenarios in each; a seed gives its order again.")
@click.option("--repeat", metavar="N", type=click.IntRange(min=1), default=1, help="Play everything N times.")
@click.option("--junit", metavar="FILE", help="Write the result as JUnit XML; - is standard output.")
@click.option("--json", metavar="FILE", help="Write the result as JSON; - is standard output.")
@click.option("--html", metavar="FILE", help="Write the result as a page to look at; - is standard output.")
@click.option("--tap", metavar="FILE", help="Write the result as TAP 14; - is standard output.")
@click.option("--check", is_flag=True, help="Only read the scripts and tell their mistakes.")
def play_command(
    paths: tuple[Path, ...],
    gateway: str | None,
    config: str | None,
    jobs: int,
    tags: tuple[str, ...],
    failed: bool,
    shuffle: str | None,
    repeat: int,
    check: bool,
    **written: str | None,
) -> None:
    """Play scripted sessions: files, or the *.ussd files of folders.

    Without --gateway each file gets a gateway of its own, in this process, with a virtual clock. Exit status: 0 all
    passed, 1 something failed, 2 a file is wrong and nothing was played, 3 no gateway there.
    """
    if gateway and config:
        raise click.UsageError("--config is for the gateways that files get; leave it out with --gateway.")
    if gateway and jobs != 1:
        raise click.UsageError(
            "--jobs is for gateways of their own; on one gateway files would share phones and clock."
        )
    to_stdout = [f"--{form}" for form, path in written.items() if path == STDOUT]
    if len(to_stdout) > 1:
        raise click.UsageError(f"only one of {' and '.join(to_stdout)} can go to standard output.")
    scripts = _selected(read_scripts(script_files(paths)), tags, failed=failed)
    from ussd_gateway.scenario import report

    if check:
        scenarios = report.counted(sum(len(script.scenarios) for script in scripts), "scenario")
        click.echo(f"{report.counted(len(scripts), 'file')}, {scenarios}: no mistakes.", err=True)
        return
    from ussd_gateway.scenario.secrets import without_password
    from ussd_gateway.scenario.selection import rounds

    console = _console(err=bool(to_stdout))
    if shuffle is not None:
        _print(console, f"shuffled with the seed {shuffle}")
    files = _played(list(rounds(scripts, repeat, shuffle)), (gateway, config), jobs or os.cpu_count() or 1, console)
    results = [result for _, of_file in files for result in of_file]
    _print(console, report.summary(results))
    facts = {
        "ussd-gateway": version("ussd-gateway"),
        "played on": without_password(gateway or "gateways of their own"),
    }
    if shuffle is not None:
        facts["seed"] = shuffle
    for form, path in written.items():
        if path:
            write_text(path, REPORTS[form](files, facts))
    sys.exit(0 if all(result.passed for result in results) else FAILED)


Files = Sequence[tuple[str, Sequence["Result"]]]
Facts = Mapping[str, str]


def _as_junit(files: Files, facts: Facts) -> str:
    from ussd_gateway.scenario.junit import junit

    return junit(files, facts)


def _as_json(files: Files, facts: Facts) -> str:
    from ussd_gateway.scenario.report import as_json

    return json.dumps({"facts": dict(facts), **as_json(files)}, ensure_ascii=False, indent=2) + "\n"


def _as_html(files: Files, facts: Facts) -> str:
    from ussd_gateway.scenario.page import page

    return page(files, facts)


def _as_tap(files: Files, facts: Facts) -> str:
    from ussd_gateway.scenario.tap import tap

    return tap(files)


REPORTS: dict[str, Callable[[Files, Facts], str]] = {
    "junit": _as_junit,
    "json": _as_json,
    "html": _as_html,
    "tap": _as_tap,
}
"""The forms that a result is written in, each an option."""


def script_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files, and those of the folders; ends the program for a folder that has none."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(path.glob(f"*{SUFFIX}"))
        if not found:
            fail(f"{path} holds no *{SUFFIX} file")
        yield from found


def read_scripts(paths: Iterable[Path]) -> list[Script]:
    """The scripts; ends the program when a file is wrong, after telling the mistakes of all."""
    from ussd_gateway.scenario.parse import ScriptError, read

    scripts, mistakes = [], []
    for path in dict.fromkeys(paths):
        try:
            scripts.append(read(path))
        except ScriptError as error:
            mistakes.append(str(error))
        except OSError as error:
            mistakes.append(f"{path}: {error.strerror}")
    if mistakes:
        fail("\n\n".join(mistakes))
    return scripts


def _selected(scripts: list[Script], tags: Sequence[str], *, failed: bool) -> list[Script]:
    """The scenarios that are asked for; ends the program when there are none."""
    from ussd_gateway.scenario import last_play
    from ussd_gateway.scenario.selection import SelectionError, only, tagged

    try:
        scripts = tagged(scripts, tags)
    except SelectionError as error:
        fail(str(error))
    if not scripts:
        fail(f"no scenario is left by {' '.join(f'--tag {tag}' for tag in tags)}")
    if not failed:
        return scripts
    known = last_play.failed()
    if known is None:
        fail(f"{last_play.FILE} tells of no play here yet; play once without --failed")
    scripts = only(scripts, lambda script, scenario: last_play.key(script.name, scenario.name) in known)
    if not scripts:
        fail("none of these failed when it was played last", 0)
    return scripts


def _played(
    plays: Sequence[tuple[Script, str]], place: tuple[str | None, str | None], jobs: int, console: Console
) -> list[tuple[str, list[Result]]]:
    """Each file that was played, and its results; ends the program where nothing can be played."""
    from ussd_gateway.config import ConfigError
    from ussd_gateway.scenario import last_play, report
    from ussd_gateway.scenario.driver import NoGatewayError
    from ussd_gateway.scenario.runner import Place, play_all
    from ussd_gateway.scenario.selection import marked

    files, progress = [], _progress()
    task = progress.add_task("", total=len(plays))
    scripts = [script for script, _ in plays]
    try:
        all_results = play_all(scripts, Place(*place), jobs, lambda: progress.advance(task))
        with progress, closing(all_results) as played:
            for (script, mark), raw in zip(plays, played, strict=True):
                last_play.note(raw)
                results = marked(raw, mark)
                files.append((script.name + mark, results))
                progress.stop()  # the report and the bar may be on one terminal
                _print(console, report.file_line(script.name + mark, results))
                for result in results:
                    if not result.passed:
                        _print(console, report.failure_report(result))
                progress.start()
    except NoGatewayError as error:
        fail(str(error), NO_GATEWAY)
    except ConfigError as error:
        fail(str(error))
    return files


def _progress() -> Progress:
    """A bar on standard error, gone when all is played; nothing where that is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("playing"), BarColumn(), MofNCompleteColumn(), TextColumn("files"), TimeElapsedColumn())
    return Progress(*columns, console=_console(err=True), transient=True, disable=not sys.stderr.isatty())


def _console(*, err: bool) -> Console:
    from rich.console import Console

    return Console(stderr=err, highlight=False, markup=False, emoji=False)


def _print(console: Console, text: object) -> None:
    console.print(text, soft_wrap=True)  # nothing is cut off at the terminal's edge


def write_text(path: str, text: str) -> None:
    """Into the file, or to standard output for -; ends the program where that cannot be."""
    if path == STDOUT:
        click.echo(text, nl=False)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{path}: {error.strerror}")


def fail(words: str, code: int = WRONG) -> NoReturn:
    """Tells what is wrong, and ends the program."""
    click.echo(words, err=True)
    sys.exit(code)
