"""Rewrites the parts of docs/*.md that are drawn from tables in the code: `python3 scripts/dev.py docs`.

Such a part stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`; DRAWN says what draws it.
"""

import re
import sys
from importlib import import_module
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"

DRAWN = {
    "commands": "ussd_gateway.smpp.connection:commands_table",
    "keys": "ussd_gateway.menu.keys:keys_table",
}
"""The functions, without arguments, that return Markdown."""

PART = re.compile(r"(<!-- (\S+): begin -->\n).*?(<!-- \2: end -->)", re.DOTALL)


def redrawn(page: str) -> str:
    """The page as the tables draw it; KeyError for a part that nothing draws."""
    return PART.sub(lambda part: f"{part[1]}{draw(part[2])}{part[3]}", page)


def draw(name: str) -> str:
    """The Markdown of one part."""
    module, _, function = DRAWN[name].partition(":")
    text: str = getattr(import_module(module), function)()
    return text


def main() -> None:
    """Rewrites each page that has changed, and names it."""
    for path in sorted(DOCS.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (fresh := redrawn(page)) != page:
            path.write_text(fresh, encoding="utf-8", newline="\n")
            print(f"docs/{path.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
