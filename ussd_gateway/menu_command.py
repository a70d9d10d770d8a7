"""The commands `menu check`, `menu graph` and `menu schema`. Data goes to standard output, words to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from ussd_gateway.config import Loaded
    from ussd_gateway.menu.load import Examined
    from ussd_gateway.menu.mistakes import Mistake

FOUND, NOTHING_THERE = 1, 2  # the exit codes; 0 is: nothing is wrong

_Places = click.argument("places", nargs=-1, type=click.Path(path_type=Path), metavar="[DIR|FILE]...")
_Output = click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it there.")


@click.group("menu")
def menu_command() -> None:
    """Look after menus: find their mistakes, draw them, help editors with them."""


@menu_command.command()
@_Places
@click.option("--json", "form", flag_value="json", help="An array of objects: file, line, key, rule, level, message.")
@click.option("--sarif", "form", flag_value="sarif", help="SARIF 2.1.0, for GitHub code scanning and editors.")
def check(places: Sequence[Path], form: str | None) -> None:
    """Find what is wrong with menus, each mistake with file, line, key and the way out.

    Without DIR or FILE those of the config. The menus of one folder are looked at together, as a gateway serves them.

    \b
    ussd-gateway menu check menus
    ussd-gateway menu check menus --sarif > menus.sarif

    Exit status: 0 nothing, 1 there are mistakes or warnings, 2 there are no menus.
    """
    loaded = _loaded()
    examined = _examined(_files(places, loaded), _Handlers(loaded))
    mistakes = [mistake for found in examined.values() for mistake in found.mistakes]
    if form == "json":
        click.echo(_json([_row(mistake) for mistake in mistakes]))
    elif form == "sarif":
        from ussd_gateway.menu.sarif import sarif

        click.echo(_json(sarif(mistakes, version("ussd-gateway"))))
    else:
        for mistake in mistakes:
            click.echo(_said(mistake))
    warnings = sum(mistake.warning for mistake in mistakes)
    _say(f"{_many(len(examined), 'menu')}: {_many(len(mistakes) - warnings, 'mistake')}, {_many(warnings, 'warning')}.")
    sys.exit(FOUND if mistakes else 0)


@menu_command.command()
@_Places
@click.option("--svg", "form", flag_value="svg", help="A picture that opens in any browser.")
@click.option(
    "--mermaid", "form", flag_value="mermaid", default=True, help="Text that GitHub and wikis draw; the default."
)
@_Output
def graph(places: Sequence[Path], form: str, output: Path | None) -> None:
    """Draw a menu: its screens, and what leads from one to the next.

    Several menus become a page of Markdown, or a file each in the folder that -o names.

    \b
    ussd-gateway menu graph menus/portal.toml --svg -o portal.svg
    ussd-gateway menu graph menus --svg -o pictures

    Exit status: 0 drawn, 1 a menu has mistakes, 2 there are no menus.
    """
    from ussd_gateway.menu.graph import graph as as_graph
    from ussd_gateway.menu.graph import mermaid
    from ussd_gateway.menu.picture import svg

    drawn = {}
    for file, (found, mistakes) in _examined(_files(places, _loaded())).items():
        if found is None:
            for mistake in mistakes:
                _say(_said(mistake))
            sys.exit(FOUND)
        drawn[Path(file)] = (svg if form == "svg" else mermaid)(as_graph(found))
    if output and (len(drawn) > 1 or output.is_dir()):
        _make_folder(output)
        for path, text in drawn.items():
            _write(text, output / f"{path.stem}{'.svg' if form == 'svg' else '.mmd'}")
    elif len(drawn) == 1:
        (text,) = drawn.values()
        _write(text, output)
    elif form == "svg":
        _fail(f"{len(drawn)} menus do not fit into one picture: name one of them, or a folder with -o")
    else:
        click.echo("\n".join(f"## {path.name}\n\n```mermaid\n{text}```\n" for path, text in drawn.items()), nl=False)


@menu_command.command()
@_Output
def schema(output: Path | None) -> None:
    """Print the JSON Schema of a menu file: an editor that has it completes keys and underlines mistakes.

    \b
    ussd-gateway menu schema -o menus/menu.schema.json

    A menu whose first line is "#:schema ./menu.schema.json" then has it in every editor with Taplo, such as VS Code with
    Even Better TOML.
    """
    from ussd_gateway.menu.schema import schema_text

    _write(schema_text(), output)


class _Handlers:
    """The handlers that menus may name: the gateway's own, by `names`, and what can be imported from beside the config.

    `wrong` says what is wrong with an import string, "" for nothing.
    """

    def __init__(self, loaded: Loaded) -> None:
        from ussd_gateway.applications.imports import Imports
        from ussd_gateway.selfcare import handlers, money_handlers

        self.names = (*handlers.NAMES, *money_handlers.NAMES)
        self.wrong = Imports(loaded.path.parent if loaded.path else Path.cwd()).wrong


def _loaded() -> Loaded:
    from ussd_gateway.config import ConfigError, load

    try:
        return load()
    except ConfigError as error:
        _fail(str(error))


def _files(places: Sequence[Path], loaded: Loaded) -> list[Path]:
    """The files that are meant, each once and in order; ends the program where there are none."""
    files: list[Path] = []
    for place in places or [_near(loaded.config.menus_directory(None))]:
        found = sorted(place.glob("*.toml")) if place.is_dir() else [place] if place.is_file() else None
        if found is None:
            _fail(f"there is no folder or file {place}")
        if not found:
            _fail(f"{place} has no menus; a menu is a file such as portal.toml")
        files += found
    return list(dict.fromkeys(files))


def _examined(files: Iterable[Path], handlers: _Handlers | None = None) -> dict[str, Examined]:
    """What is known of each file, those of one folder together."""
    from ussd_gateway.menu.load import Examined, examine_all, text_of, unreadable
    from ussd_gateway.menu.mistakes import MenuError

    texts: dict[Path, dict[str, str]] = {}
    found: dict[str, Examined] = {}
    for path in files:
        name = path.as_posix()
        found[name] = Examined(None, ())
        try:
            texts.setdefault(path.parent, {})[name] = text_of(path.read_bytes(), name)
        except MenuError as error:
            found[name] = Examined(None, error.mistakes)
        except OSError as error:
            found[name] = Examined(None, (unreadable(name, f"cannot be read: {error.strerror}"),))
    names, wrong = (handlers.names, handlers.wrong) if handlers else (None, None)
    for together in texts.values():
        found |= examine_all(together, handlers=names, imported=wrong)
    return found


def _near(path: Path) -> Path:
    """The path as somebody in this folder would write it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _row(mistake: Mistake) -> dict[str, object]:
    return {
        "file": mistake.source,
        "line": mistake.line,
        "key": mistake.key,
        "rule": mistake.rule,
        "level": "warning" if mistake.warning else "error",
        "message": mistake.message,
    }


def _said(mistake: Mistake) -> str:
    return str(mistake._replace(message=f"warning: {mistake.message}") if mistake.warning else mistake)


def _many(count: int, name: str) -> str:
    return f"{count or 'no'} {name}{'' if count == 1 else 's'}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _fail(f"{path} cannot be made a folder: {error.strerror}")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        _fail(f"{output} cannot be written: {error.strerror}")
    _say(str(output))


def _say(words: str) -> None:
    click.echo(words, err=True)


def _fail(words: str) -> NoReturn:
    _say(words)
    sys.exit(NOTHING_THERE)
