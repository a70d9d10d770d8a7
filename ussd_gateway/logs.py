"""Who logs, and what a log may say of an exception: neither its words nor a traceback, for both may quote a secret (R178).

structlog is configured by programs: by `ussd-gateway`, or by one that has a gateway within it. Nothing here changes that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

_WORTH_A_LOOK = frozenset(("warning", "error"))
_quiet = 0  # how many want it so


class _Logger:
    """Logs as structlog is configured; where nobody has done so, what somebody had better look at goes to standard error."""

    def __init__(self, name: str) -> None:
        self._configured = structlog.get_logger(name)

    def __getattr__(self, level: str) -> Any:
        if structlog.is_configured() and not _quiet:
            return getattr(self._configured, level)
        return getattr(_to_stderr(), level) if level in _WORTH_A_LOOK else _say_nothing


def logger(name: str) -> Any:
    """The logger of a module, with structlog's methods."""
    return _Logger(name)


@contextmanager
def quietly() -> Iterator[None]:
    """However structlog is configured: gateways log warnings only, to standard error."""
    global _quiet
    _quiet += 1
    try:
        yield
    finally:
        _quiet -= 1


def _to_stderr() -> Any:
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),  # the one of this moment: test runners change it
        processors=[structlog.processors.add_log_level, structlog.dev.ConsoleRenderer(colors=False)],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=False,
    )


def _say_nothing(event: str, **facts: object) -> None:
    """Of what happens all the time."""


def told(error: BaseException, file: str = "") -> str:
    """The type of the exception and where it was raised: "KeyError at menu.py:12"; see `where`."""
    return f"{type(error).__name__}{where(error, file)}"


def where(error: BaseException, file: str = "") -> str:
    """Where it was raised: " at menu.py:12". With the path of a file the last place in that, if it came by there."""
    places = []
    trace = error.__traceback__
    while trace:
        places.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    for path, line in reversed([place for place in places if place[0] == file] or places):
        return f" at {Path(path).name}:{line}"
    return ""
