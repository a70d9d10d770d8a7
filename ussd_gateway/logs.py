"""What a log may say of an exception: neither its words nor a traceback, for both may quote a secret (R178)."""

from __future__ import annotations

from pathlib import Path


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
