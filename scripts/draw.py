"""Rewrites the parts of docs/*.md, and the files, that are drawn from tables in the code: `python3 scripts/dev.py docs`.

Such a part stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`; DRAWN says what draws it. WHOLE has the files.
"""

import re
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

DRAWN = {
    "commands": "ussd_gateway.smpp.connection:commands_table",
    "keys": "ussd_gateway.menu.keys:keys_table",
    "dialects": "ussd_gateway.dialects.drawing:dialects_table",
    "dialogues": "ussd_gateway.dialects.drawing:dialects_spoken",
    "generic": "ussd_gateway.dialects.drawing:generic_keys",
}
"""The functions, without arguments, that return Markdown."""

WHOLE = {
    "menus/menu.schema.json": "ussd_gateway.menu.schema:schema_text",
    "docs/ussd.tmLanguage.json": "ussd_gateway.scenario.grammar:grammar_text",
    "docs/script.schema.json": "ussd_gateway.scenario.interchange:schema_text",
}
"""The same for files that are drawn whole, by their path in the project."""

PART = re.compile(r"(<!-- (\S+): begin -->\n).*?(<!-- \2: end -->)", re.DOTALL)


def redrawn(page: str) -> str:
    """The page as the tables draw it; KeyError for a part that nothing draws."""
    return PART.sub(lambda part: f"{part[1]}{draw(part[2])}{part[3]}", page)


def draw(name: str) -> str:
    """The Markdown of one part."""
    return written(DRAWN[name])


def written(function: str) -> str:
    """What the function "module:name" returns."""
    module, _, name = function.partition(":")
    text: str = getattr(import_module(module), name)()
    return text


def main() -> None:
    """Rewrites each page and file that has changed, and names it."""
    for path in sorted(DOCS.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (fresh := redrawn(page)) != page:
            path.write_text(fresh, encoding="utf-8", newline="\n")
            print(f"docs/{path.name}", file=sys.stderr)
    for name, function in WHOLE.items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != written(function):
            path.write_text(written(function), encoding="utf-8", newline="\n")
            print(name, file=sys.stderr)


if __name__ == "__main__":
    main()
