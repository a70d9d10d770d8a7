"""Texts with something variable in them: Jinja2 in a sandbox, compiled when the menu is loaded.

Whoever writes a menu is trusted with its wording; what fills it in is not. Values may not add lines or control characters
to a screen, a template may not reach into Python or change what a handler answered, and its output ends at MAX_TEXT.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from jinja2 import StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

from ussd_gateway.menu.model import Text

MAX_TEXT = 2000  # characters; some thirty screens of Cyrillic, more than anybody pages through

_VARIABLE = re.compile(r"\{[{%#]")
_GAPS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
# Control characters, what turns or hides text (zero width, direction marks), and halves of surrogate pairs.
_UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_UNDEFINED = re.compile(r"'\w+' is undefined")


class RenderError(Exception):
    """A text cannot be shown with these variables; the message names what is wrong and no value."""


def compile_text(source: str, language: str) -> Text:
    """A text of a menu file, ready to be rendered.

    Raises jinja2.TemplateSyntaxError, whose `lineno` is the line within the text.
    """
    source = _UNSHOWN.sub("", source.expandtabs(1)).strip()
    if not is_variable(source):
        return Text(source)
    return Text(source, _environment(language).from_string(source))


def is_variable(source: str) -> bool:
    """Whether anything in the text is Jinja's."""
    return _VARIABLE.search(source) is not None


def render_text(text: Text, variables: Mapping[str, object]) -> str:
    """The text with the variables filled in, at most MAX_TEXT characters. Raises RenderError."""
    if text.template is None:
        return text.source
    try:
        return _capped(text.template.generate(variables)).strip()
    except Exception as error:  # a template may fail in any way that Python knows
        raise RenderError(_reason(error)) from None


def clean(value: object) -> object:
    """What a handler answered, fit for a screen: strings, also inside lists and tables, without lines of their own."""
    match value:
        case str():
            return _UNSHOWN.sub("", _GAPS.sub(" ", value))
        case Mapping():
            return {clean(key): clean(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [clean(each) for each in value]
    return value


def money_in_russian(kopecks: int) -> str:
    """15000 -> "150.00 р."."""
    return f"{_roubles(kopecks)} р."


def money_elsewhere(kopecks: int) -> str:
    """15000 -> "RUB 150.00"."""
    return f"RUB {_roubles(kopecks)}"


def _roubles(kopecks: int) -> str:
    if type(kopecks) is not int:
        raise TypeError("money is a whole number of kopecks")
    roubles, rest = divmod(abs(kopecks), 100)
    return f"{'-' * (kopecks < 0)}{roubles}.{rest:02}"


@cache
def _environment(language: str) -> SandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_printed
    )
    environment.filters["money"] = money_in_russian if language == "ru" else money_elsewhere
    return environment


def _printed(value: object) -> str:
    return _UNSHOWN.sub("", str(value))


def _capped(chunks: Iterable[str]) -> str:
    text = ""
    for chunk in chunks:
        text += chunk
        if len(text) > MAX_TEXT:
            return text[: MAX_TEXT - 3] + "..."
    return text


def _reason(error: Exception) -> str:
    # The words of an exception may quote a value, and a value may be a password: only a bare name is repeated.
    words = str(error.message) if isinstance(error, TemplateError) else ""
    return words if isinstance(error, UndefinedError) and _UNDEFINED.fullmatch(words) else type(error).__name__
