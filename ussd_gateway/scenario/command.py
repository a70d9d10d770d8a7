"""The command `play`. Reports go to standard output, or to standard error when standard output takes a file of data."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

    from ussd_gateway.scenario.model import Script
    from ussd_gateway.scenario.play import Driver, Result

SUFFIX = ".ussd"
FAILED, WRONG, NO_GATEWAY = 1, 2, 3  # the exit codes; 0 is: all passed
STDOUT = "-"


@click.command("play")
@click.argument("paths", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--gateway", metavar="URL", help="Play on this gateway; otherwise each file gets one of its own.")
@click.option("--config", type=click.Path(dir_okay=False), help="The settings of the gateways that files get.")
@click.option("--junit", metavar="FILE", help="Write the result as JUnit XML; - is standard output.")
@click.option("--json", "json_file", metavar="FILE", help="Write the result as JSON; - is standard output.")
@click.option("--check", is_flag=True, help="Only read the scripts and tell their mistakes.")
def play_command(
    paths: tuple[Path, ...],
    gateway: str | None,
    config: str | None,
    junit: str | None,
    json_file: str | None,
    check: bool,
) -> None:
    """Play scripted sessions: files, or the *.ussd files of folders.

    Without --gateway each file gets a gateway of its own, in this process, with a virtual clock. Exit status: 0 all
    passed, 1 something failed, 2 a file is wrong and nothing was played, 3 no gateway there.
    """
    if gateway and config:
        raise click.UsageError("--config is for the gateways that files get; leave it out with --gateway.")
    if junit == STDOUT and json_file == STDOUT:
        raise click.UsageError("only one of --junit and --json can go to standard output.")
    scripts = _read(_files(paths))
    from ussd_gateway.scenario import report

    if check:
        scenarios = report.counted(sum(len(script.scenarios) for script in scripts), "scenario")
        click.echo(f"{report.counted(len(scripts), 'file')}, {scenarios}: no mistakes.", err=True)
        return
    console = _console(err=STDOUT in (junit, json_file))
    files = [(script.name, results) for script, results in _played(scripts, gateway, config, console)]
    results = [result for _, of_file in files for result in of_file]
    _print(console, report.summary(results))
    if junit:
        from ussd_gateway.scenario.junit import junit as as_xml

        _write(junit, as_xml(files))
    if json_file:
        _write(json_file, json.dumps(report.as_json(files), ensure_ascii=False, indent=2) + "\n")
    sys.exit(0 if all(result.passed for result in results) else FAILED)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(path.glob(f"*{SUFFIX}"))
        if not found:
            _fail(f"{path} holds no *{SUFFIX} file")
        yield from found


def _read(paths: Iterable[Path]) -> list[Script]:
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
        _fail("\n\n".join(mistakes))
    return scripts


def _played(
    scripts: Sequence[Script], gateway: str | None, config: str | None, console: Console
) -> list[tuple[Script, list[Result]]]:
    from ussd_gateway.config import ConfigError
    from ussd_gateway.scenario.play import NoGatewayError

    try:
        with _logging_to_stderr():
            return asyncio.run(_play_all(scripts, gateway, config, console))
    except NoGatewayError as error:
        _fail(str(error), NO_GATEWAY)
    except ConfigError as error:
        _fail(str(error))


async def _play_all(
    scripts: Sequence[Script], gateway: str | None, config: str | None, console: Console
) -> list[tuple[Script, list[Result]]]:
    from ussd_gateway.scenario import report
    from ussd_gateway.scenario.play import play

    played = []
    progress = _console(err=True)
    for script in scripts:
        with progress.status(f"{script.name} ..."):
            async with _driver(gateway, config, script) as driver:
                results = await play(script, driver)
        played.append((script, results))
        _print(console, report.file_line(script.name, results))
        for result in results:
            if not result.passed:
                _print(console, report.failure_report(result))
    return played


def _driver(gateway: str | None, config: str | None, script: Script) -> AbstractAsyncContextManager[Driver]:
    if gateway:
        from ussd_gateway.scenario.remote import remote_driver

        return remote_driver(gateway)
    from ussd_gateway.scenario.local import local_driver

    return local_driver(config, script.starts.moment if script.starts else None)


def _console(*, err: bool) -> Console:
    from rich.console import Console

    return Console(stderr=err, highlight=False, markup=False, emoji=False)


def _print(console: Console, text: object) -> None:
    console.print(text, soft_wrap=True)  # nothing is cut off at the terminal's edge


def _write(path: str, text: str) -> None:
    if path == STDOUT:
        click.echo(text, nl=False)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        _fail(f"{path}: {error.strerror}")


@contextmanager
def _logging_to_stderr() -> Iterator[None]:
    """Gateways in this process log to standard error, and only what somebody should look at."""
    import structlog

    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _fail(words: str, code: int = WRONG) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(code)
