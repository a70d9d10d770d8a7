"""The command `import-dialoguss`."""

from __future__ import annotations

from pathlib import Path

import click

from ussd_gateway.scenario.command import fail

INSTALL = "pip install 'ussd-gateway[dialoguss]'"


@click.command("import-dialoguss")
@click.argument("file", metavar="FILE.yaml", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", metavar="FILE.ussd", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--truroute", is_flag=True, help="The application speaks as TruRoute does, not as Africa's Talking.")
def import_command(file: Path, output: Path | None, truroute: bool) -> None:
    """Write a file of dialoguss as a script.

    The script goes to -o, or to standard output. Standard output otherwise gets the lines for config.toml that have the
    gateway call the application; they stand in the script, too. What a script cannot say is told on standard error.
    Exit status: 0, or 2 when the file is wrong.
    """
    try:
        from ussd_gateway.scenario import dialoguss
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        fail(f"this needs a reader of YAML: {INSTALL}")
    from ussd_gateway.scenario.parse import ScriptError

    try:
        done = dialoguss.imported(file.read_bytes().decode(), str(file), dialoguss.DIALECTS[truroute])
        if output:
            output.write_text(done.script, encoding="utf-8")
    except ScriptError as error:
        fail(str(error))
    except UnicodeDecodeError:
        fail(f"{file}: this is no UTF-8; save the file as UTF-8")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    for note in done.notes:
        click.echo(note, err=True)
    click.echo(done.application if output else done.script, nl=False)
