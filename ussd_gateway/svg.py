"""The look of the house's pictures: SVG in one file that loads nothing, light or dark as its reader's screen is. No I/O."""

from __future__ import annotations

import re
from html import escape

_LIGHT = "--paper: #f7f8fb; --card: #fff; --ink: #1c2330; --soft: #5c667a; --line: #c9d0dd;"
_DARK = "--paper: #12161f; --card: #1d2430; --ink: #e8ecf4; --soft: #9aa6bb; --line: #3a4558;"

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2: what a Char is


def look(light: str, dark: str, rules: str) -> str:
    """A style element: the colours of the house and those of the picture, as "--name: #123456;", and its own rules."""
    return (
        f"<style>\nsvg {{ {_LIGHT} {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{\n  svg {{ {_DARK} {dark} }}\n}}\n"
        'text { font: 13.5px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--ink); }\n'
        ".paper { fill: var(--paper); }\n.heading { font-size: 22px; font-weight: 650; }\n"
        f"{rules}\n</style>"
    )


def opening(width: float, height: float) -> str:
    """The tag that begins a picture of this size; its title and desc have the ids title and about."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}" role="graphics-document document" aria-labelledby="title about">'
    )


def safe(text: str) -> str:
    """The text as it may stand in a document or an attribute."""
    return escape(_UNPRINTABLE.sub(" ", text))
