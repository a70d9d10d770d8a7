"""Where templates and expressions run: Jinja2's sandbox with less in it, and an account of the work done.

Every value is bounded (a string, a list, a number has its most), every operation makes bounded values of bounded values,
and an evaluation does a bounded number of operations. So no template takes long or holds much, though nobody has a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import Enum
from functools import cache, wraps
from itertools import islice
from typing import Any, cast
from urllib.parse import quote

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator, Frame, operators
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from ussd_gateway.menu import words
from ussd_gateway.menu.profiles import DEFAULT, Numbers

MAX_TEXT = 2000  # characters; some thirty screens of Cyrillic, more than anybody pages through
MAX_ITEMS = 1000  # of a list
MAX_NUMBER = 10**18
MAX_WORK = 100_000  # turns of loops, operations, items looked at: some tens of milliseconds

_COUNTED = "counted"  # the filter that each loop gets

# Control characters, what turns or hides text (zero width, direction marks), and halves of surrogate pairs.
UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


class TooMuchError(Exception):
    """A template or an expression asks for more than there is; the message quotes no value."""


class Purpose(Enum):
    """What a text is for."""

    SCREEN = "screen"
    URL = "url"


# Those that make no more of what they get than there was; `round` and `replace` are below.
_FILTERS = [
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "select",
    "selectattr",
    "sort",
    "string",
    "sum",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "wordcount",
]

# The methods that a template may call: none of them can make something long of something short.
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(
        [
            "capitalize",
            "count",
            "endswith",
            "find",
            "isalnum",
            "isalpha",
            "isdecimal",
            "isdigit",
            "islower",
            "isupper",
            "lower",
            "lstrip",
            "partition",
            "removeprefix",
            "removesuffix",
            "rfind",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "upper",
        ]
    ),
    dict: frozenset({"get", "items", "keys", "values"}),
    date: frozenset({"isoformat", "isoweekday", "weekday"}),
    LoopContext: frozenset({"cycle", "changed"}),
}

# What makes programs of texts.
_FORBIDDEN: Mapping[type[nodes.Node], str] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.FilterBlock: "filter",
    nodes.AssignBlock: "set without =",
    nodes.NSRef: "namespace",
}


# What looks at all there is of a value before anything here could count it.
_TESTS = [
    "boolean",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "string",
    "true",
    "undefined",
]


class _Generator(CodeGenerator):
    """Makes of a template Python that shows the sandbox what Jinja usually does not: `~`, comparisons, lists and tables."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802, these names are Jinja's
        self.write("environment.joined((")
        for each in node.nodes:
            self.visit(each, frame)
            self.write(", ")
        self.write("))")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        self.write("(")
        self._weighed(self.visit, node.expr, frame)
        for each in node.ops:
            self.write(f" {operators[each.op]} ")
            self._weighed(self.visit, each.expr, frame)
        self.write(")")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        self._weighed(super().visit_List, node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self._weighed(super().visit_Dict, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        if node.ctx == "store":  # names that are set
            super().visit_Tuple(node, frame)
        else:
            self._weighed(super().visit_Tuple, node, frame)

    def _weighed(self, visit: Callable[[Any, Frame], None], node: nodes.Expr, frame: Frame) -> None:
        self.write("environment.weighed(")
        visit(node, frame)
        self.write(")")


class Sandbox(ImmutableSandboxedEnvironment):
    """Templates and expressions of one language, currency and country. `begin` before each evaluation."""

    code_generator_class = _Generator
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, language: str, currency: str, numbers: Numbers, purpose: Purpose) -> None:
        self._work = 0
        printed = self._printed if purpose is Purpose.SCREEN else self._quoted
        super().__init__(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=printed)
        self._functions = (self._range, days)
        self.globals = {"range": self._range, "days": days}
        usual = {name: FILTERS[name] for name in _FILTERS}
        own = {**words.filters(language, currency, numbers), "round": _round, "replace": _replace}
        self.filters = {name: self._weighing(each) for name, each in (usual | own).items()}
        self.filters[_COUNTED] = self._counted
        self.tests = {name: self._weighing(cast(Callable[..., Any], TESTS[name])) for name in _TESTS}

    def begin(self) -> None:
        """A new evaluation: nothing has been done."""
        self._work = 0

    def joined(self, values: Iterable[object]) -> object:
        """The values as one string: `a ~ b`."""
        return self._bounded("".join(str(self.weighed(value)) for value in values))

    def weighed(self, value: Any) -> Any:
        """The value, which something is about to look at as a whole."""
        if isinstance(value, str):
            self._spend(len(value) // 16)
        elif isinstance(value, list | tuple):
            self._spend(len(value))
            for each in value:
                self.weighed(each)
        elif isinstance(value, dict):
            self._spend(len(value))
            for each in value.values():
                self.weighed(each)
        return value

    def call(self, context: Context, function: Any, *args: Any, **options: Any) -> Any:
        """A call that a template makes."""
        self._spend(16)
        return self._bounded(super().call(context, function, *args, **options))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """An operation on two values that are bounded, with a bounded result."""
        self._spend(1)
        if operator == "%" and isinstance(left, str | bytes):
            raise TooMuchError("% makes no texts here")
        if operator == "*":
            _check_repeated(left, right)
            _check_repeated(right, left)
        if operator == "**" and not (isinstance(right, int | float) and -64 <= right <= 64):
            raise TooMuchError("the exponent is too large")
        return self._bounded(super().call_binop(context, operator, left, right))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may read it: what can be called only where it is known to be harmless."""
        if callable(value) and not any(isinstance(obj, known) and attr in names for known, names in _METHODS.items()):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether a template may call it: the functions there are, and methods that `is_safe_attribute` has let through."""
        return obj in self._functions or any(isinstance(getattr(obj, "__self__", None), known) for known in _METHODS)

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        for node in list(source.find_all(nodes.Node)):
            if word := _FORBIDDEN.get(type(node)):
                raise TemplateSyntaxError(f"{word} is not for menus", node.lineno)
            if isinstance(node, nodes.For):
                if node.recursive:
                    raise TemplateSyntaxError("a loop that calls itself is not for menus", node.lineno)
                node.iter = nodes.Filter(node.iter, _COUNTED, [], [], None, None, lineno=node.lineno, environment=self)
        return super()._generate(source, *args, **options)

    def _counted(self, values: Iterable[object]) -> Iterator[object]:
        for value in values:
            self._spend(1)
            yield value

    def _weighing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def weighing(*args: Any, **options: Any) -> Any:
            self._spend(1)
            for each in args:
                self.weighed(each)
            return self._bounded(function(*args, **options))

        return weighing

    def _bounded(self, value: object) -> object:
        if isinstance(value, Iterator):
            value = list(islice(value, MAX_ITEMS + 1))
        if isinstance(value, str | bytes):
            return _at_most(MAX_TEXT, "characters", value)
        if isinstance(value, list | tuple | dict):
            return self.weighed(_at_most(MAX_ITEMS, "items", value))
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            raise TooMuchError(f"a number is beyond {MAX_NUMBER:.0e}")
        return value

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > MAX_WORK:
            raise TooMuchError("it goes on for too long")

    def _range(self, *bounds: int) -> range:
        numbers = range(*bounds)
        if len(numbers) > MAX_ITEMS:
            raise TooMuchError(f"range() has more than {MAX_ITEMS} numbers")
        return numbers

    def _printed(self, value: object) -> str:
        return UNSHOWN.sub("", str(self.weighed(value)))

    def _quoted(self, value: object) -> str:
        text = self._printed(value)
        if text and not text.strip("."):  # "..": a step up in the path
            raise TooMuchError("a value of dots cannot stand in an address")
        return quote(text, safe="")


@cache
def sandbox_for(
    language: str = "en",
    currency: str = DEFAULT.currency,
    numbers: Numbers = DEFAULT.numbers,
    purpose: Purpose = Purpose.SCREEN,
) -> Sandbox:
    """The sandbox of a menu's texts in `language`."""
    return Sandbox(language, currency, numbers, purpose)


def days(count: int) -> timedelta:
    """So many days: `today + days(30)`."""
    return timedelta(days=count)


def _check_repeated(times: object, value: object) -> None:
    if isinstance(times, int) and isinstance(value, str | bytes | list | tuple) and times * len(value) > MAX_TEXT:
        raise TooMuchError(f"* makes more than {MAX_TEXT} of it")


def _at_most(most: int, unit: str, value: Any) -> Any:
    if len(value) > most:
        raise TooMuchError(f"it has more than {most} {unit}")
    return value


def _round(value: float, precision: int = 0) -> float:
    if not 0 <= precision <= 9:
        raise TooMuchError("round() keeps 0 to 9 digits")
    return round(value, precision)


def _replace(value: object, old: str, new: str) -> str:
    text = str(value)
    if text.count(old) * len(new) > MAX_TEXT:
        raise TooMuchError(f"replace() makes more than {MAX_TEXT} characters")
    return text.replace(old, new)
