"""How far a run is, once a second: one line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def told() -> Iterator[Callable[[object], None]]:
    """What to call with each state of the run. Standard error gets it."""
    if not sys.stderr.isatty():
        yield lambda state: click.echo(str(state), err=True)
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        yield lambda state: live.update(Text(str(state), overflow="ellipsis", no_wrap=True), refresh=True)
