"""The command `script`: what is done with scripts beside playing them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from difflib import unified_diff
from pathlib import Path
from typing import Any

import click

from ussd_gateway.scenario.command import FAILED, STDOUT, fail, read_scripts, script_files, write_text

_PATHS = click.argument(
    "paths", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
_OUT = click.option("-o", "--out", metavar="FILE", default=STDOUT, help="Write there; otherwise to standard output.")
_STDIN = "stdin"  # the name of what is read there


@click.group("script")
def script_command() -> None:
    """Look after scripts: find their mistakes, write them in one form, as JSON and from it."""


@script_command.command("check")
@_PATHS
def check_command(paths: tuple[Path, ...]) -> None:
    """Tell the mistakes of scripts. Exit status: 0 none, 2 some."""
    from ussd_gateway.scenario.report import counted

    scripts = read_scripts(script_files(paths))
    scenarios = counted(sum(len(script.scenarios) for script in scripts), "scenario")
    click.echo(f"{counted(len(scripts), 'file')}, {scenarios}: no mistakes.", err=True)


@script_command.command("fmt")
@_PATHS
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def format_command(paths: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Write scripts in their one form: indentation, spaces and quotes. Steps, comments and blank lines stay.

    Exit status: 0 all is well, 1 a file would change (--check), 2 a file is wrong and nothing was written.
    """
    from ussd_gateway.scenario.formatting import formatted
    from ussd_gateway.scenario.report import counted

    files = [Path(script.name) for script in read_scripts(script_files(paths))]
    changed = 0
    for file in files:
        before = file.read_bytes()
        after = formatted(before.decode()).encode()
        if before == after:
            continue
        changed += 1
        if diff:
            old, new = (text.decode().splitlines(keepends=True) for text in (before, after))
            click.echo("".join(unified_diff(old, new, str(file), f"{file} (formatted)")), nl=False)
        if not (check or diff):
            try:
                file.write_bytes(after)
            except OSError as error:
                fail(f"{file}: {error.strerror}")
        click.echo(f"{file}: {'would change' if check or diff else 'written anew'}", err=True)
    click.echo(
        f"{counted(changed, 'file')} of {len(files)} {'would change' if check or diff else 'changed'}.", err=True
    )
    sys.exit(FAILED if check and changed else 0)


@script_command.command("to-json")
@_FILE
@_OUT
def to_json_command(file: str, out: str) -> None:
    """Write a script as a JSON document, which docs/script.schema.json describes; - is standard input.

    Exit status: 0 all is well, 2 the file is wrong and nothing was written.
    """
    from ussd_gateway.scenario.interchange import json_text
    from ussd_gateway.scenario.parse import ScriptError, parse

    try:
        script = parse(_read(file), _STDIN) if file == STDOUT else read_scripts([Path(file)])[0]
    except ScriptError as error:
        fail(str(error))
    write_text(out, json_text(script))


@script_command.command("from-json")
@_FILE
@_OUT
def from_json_command(file: str, out: str) -> None:
    """Write the script of a JSON document, in the form of `script fmt`; - is standard input.

    Tables are looked for beside the script. Exit status: 0 all is well, 2 the document is wrong and nothing was written.
    """
    from ussd_gateway.scenario.interchange import InterchangeError, from_json
    from ussd_gateway.scenario.tokens import Mistake, rows

    name, text = _STDIN if file == STDOUT else file, _read(file)
    try:
        script = from_json(json.loads(text, object_pairs_hook=_each_once), name if out == STDOUT else out)
    except json.JSONDecodeError as error:
        row = rows(text)[error.lineno - 1]
        fail(Mistake(error.lineno, error.colno, 1, f"this is no JSON: {error.msg}", row).told(name))
    except RecursionError:
        fail(f"{name}: lists and objects stand too deep in one another")
    except InterchangeError as error:
        fail("\n\n".join(f"{name}: {mistake}" for mistake in error.mistakes))
    except ValueError as error:  # a key that is there twice, an integer of thousands of digits
        fail(f"{name}: {error}")
    write_text(out, script)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if twice := [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]:
        raise ValueError(f'one object has the key "{twice[0]}" twice; write it once')
    return found


def _read(file: str) -> str:
    """The text of a file, or of standard input; ends the program where there is none."""
    try:
        with click.open_file(file, "rb") as opened:
            octets: bytes = opened.read()
        return octets.decode().removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file}: {error.strerror if isinstance(error, OSError) else 'this is no UTF-8'}")
