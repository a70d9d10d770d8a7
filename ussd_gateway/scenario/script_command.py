"""The command `script`: what is done with scripts beside playing them."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path

import click

from ussd_gateway.scenario.command import FAILED, fail, read_scripts, script_files

_PATHS = click.argument(
    "paths", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)


@click.group("script")
def script_command() -> None:
    """Look after scripts: find their mistakes, write them in one form."""


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
