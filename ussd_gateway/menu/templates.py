"""Texts with something variable in them, and expressions: Jinja2 in a sandbox, compiled when the menu is loaded.

Whoever writes a menu is trusted with its wording; what fills it in is not. Values may not add lines or control characters
to a screen, and a template may not reach into Python or change what a handler answered. What comes of it is read by
`sandbox`, where no template costs much: neither memory nor time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from jinja2 import TemplateError, Undefined, UndefinedError, meta

from ussd_gateway.menu import sandbox
from ussd_gateway.menu.model import Expression, Text
from ussd_gateway.menu.profiles import DEFAULT, Numbers
from ussd_gateway.menu.sandbox import UNSHOWN, Purpose, Sandbox, TooMuchError, sandbox_for

MAX_TEXT = sandbox.MAX_TEXT
MAX_DEPTH = 20  # of tables and lists within each other

_VARIABLE = re.compile(r"\{[{%#]")
_SINGLE = re.compile(r"\{\{((?:(?!\}\}|\{\{).)*)\}\}", re.DOTALL)  # nothing but one expression
_GAPS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
_UNDEFINED = re.compile(r"'(\w+)' is undefined|'[\w. ]+' has no (?:attribute|element) '(\w+)'")


class RenderError(Exception):
    """A text cannot be shown, or an expression not worked out, with these variables; it names what is wrong and no value."""


def compile_text(
    source: str, language: str, currency: str = DEFAULT.currency, numbers: Numbers = DEFAULT.numbers
) -> Text:
    """A text of a menu file, ready to be rendered; `currency` and `numbers` are those of the menu.

    Raises jinja2.TemplateSyntaxError, whose `lineno` is the line within the text.
    """
    return _compiled(source, sandbox_for(language, currency, numbers))


def compile_url(
    source: str, language: str = "en", currency: str = DEFAULT.currency, numbers: Numbers = DEFAULT.numbers
) -> Text:
    """A text whose values are percent-encoded when they are filled in; raises as `compile_text` does."""
    return _compiled(source, sandbox_for(language, currency, numbers, Purpose.URL))


def compile_expression(
    source: str, language: str = "en", currency: str = DEFAULT.currency, numbers: Numbers = DEFAULT.numbers
) -> Expression:
    """A Jinja2 expression, whose `evaluate` raises RenderError; raises jinja2.TemplateSyntaxError itself."""
    environment = sandbox_for(language, currency, numbers)
    compiled = environment.compile_expression(source, undefined_to_none=False)

    def evaluate(variables: Mapping[str, object]) -> object:
        environment.begin()
        try:
            return _defined(compiled(variables))
        except Exception as error:  # an expression may fail in any way that Python knows
            raise RenderError(_reason(error, source)) from None

    return Expression(source, evaluate)


def compile_json(
    value: object, language: str = "en", currency: str = DEFAULT.currency, numbers: Numbers = DEFAULT.numbers
) -> object:
    """The value with each string that varies as a Text, or as an Expression where it is nothing but `{{ ... }}`.

    So `"{{ amount }}"` is sent as a number. Raises as `compile_text` does.
    """
    match value:
        case str() if single := _SINGLE.fullmatch(value.strip()):
            return compile_expression(single[1], language, currency, numbers)
        case str() if is_variable(value):
            return compile_text(value, language, currency, numbers)
        case Mapping():
            return {key: compile_json(each, language, currency, numbers) for key, each in value.items()}
        case list() | tuple():
            return [compile_json(each, language, currency, numbers) for each in value]
    return value


def render_json(value: object, variables: Mapping[str, object]) -> object:
    """What `compile_json` made, with the variables filled in. Raises RenderError."""
    match value:
        case Text():
            return render_text(value, variables)
        case Expression():
            return value.evaluate(variables)
        case Mapping():
            return {key: render_json(each, variables) for key, each in value.items()}
        case list():
            return [render_json(each, variables) for each in value]
    return value


def is_variable(source: str) -> bool:
    """Whether anything in the text is Jinja's."""
    return _VARIABLE.search(source) is not None


def names_in(source: str) -> frozenset[str]:
    """The variables that a text needs. Raises jinja2.TemplateSyntaxError."""
    environment = sandbox_for()
    return frozenset(meta.find_undeclared_variables(environment.parse(source)) - environment.globals.keys())


def names_in_expression(source: str) -> frozenset[str]:
    """The variables that an expression needs. Raises jinja2.TemplateSyntaxError."""
    return names_in("{{ " + source + " }}")


def render_text(text: Text, variables: Mapping[str, object]) -> str:
    """The text with the variables filled in, at most MAX_TEXT characters. Raises RenderError."""
    template = text.template
    if template is None:
        return text.source
    try:
        assert isinstance(template.environment, Sandbox)
        template.environment.begin()
        return _capped(template.generate(variables)).strip()
    except Exception as error:  # a template may fail in any way that Python knows
        raise RenderError(_reason(error, text.source)) from None


def clean(value: object, depth: int = MAX_DEPTH) -> object:
    """What a handler or a call answered, fit for a screen: strings, also inside lists and tables, without lines of their own.

    ValueError: tables and lists stand too deep within each other.
    """
    match value:
        case str():
            return UNSHOWN.sub("", _GAPS.sub(" ", value))
        case bool() | int() | float() | None:
            return value
    if depth == 0:
        raise ValueError(f"its tables and lists are deeper than {MAX_DEPTH}")
    match value:
        case Mapping():
            return {clean(key): clean(each, depth - 1) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [clean(each, depth - 1) for each in value]
    return value


def _compiled(source: str, environment: Sandbox) -> Text:
    source = UNSHOWN.sub("", source.expandtabs(1)).strip()
    if not is_variable(source):
        return Text(source)
    return Text(source, environment.from_string(source))


def _defined(value: object) -> object:
    if isinstance(value, Undefined):
        str(value)  # raises, but for "a if b" without "else"
        return None
    return value


def _capped(chunks: Iterable[str]) -> str:
    text = ""
    for chunk in chunks:
        text += chunk
        if len(text) > MAX_TEXT:
            return text[: MAX_TEXT - 3] + "..."
    return text


def _reason(error: Exception, source: str) -> str:
    # The words of an exception may quote a value, and a value may be a password: only a name that the file says is repeated.
    if isinstance(error, TooMuchError):
        return str(error)
    words = str(error.message) if isinstance(error, TemplateError) else ""
    unknown = _UNDEFINED.fullmatch(words) if isinstance(error, UndefinedError) else None
    name = unknown and (unknown[1] or unknown[2])
    return words if name and name in re.findall(r"\w+", source) else type(error).__name__
