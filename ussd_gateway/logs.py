"""What a log may say of an exception: neither its words nor a traceback, for both may quote a secret (R178)."""

from __future__ import annotations

from pathlib import Path


def told(error: BaseException) -> str:
    """The type of the exception and where it was raised: "KeyError at menu.py:12"."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
