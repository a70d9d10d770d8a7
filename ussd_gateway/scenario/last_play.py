"""Remembers which scenarios failed when they were played last, in a small file in the folder that one plays in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from ussd_gateway.scenario.result import Result

FILE = Path("run") / "last-play.json"


def failed() -> set[tuple[str, str]] | None:
    """File and title of each scenario that failed when it was played last; None when nothing is remembered."""
    try:
        told = json.loads(FILE.read_text(encoding="utf-8"))
        return {(row["file"], row["scenario"]) for row in told["failed"]}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def note(results: Iterable[Result]) -> None:
    """Remember these; what is known of scenarios that were not played this time stays. A folder may be read-only."""
    results = list(results)
    known = failed() or set()
    known -= {_key(result) for result in results}
    known |= {_key(result) for result in results if not result.passed}
    rows = [{"file": file, "scenario": scenario} for file, scenario in sorted(known)]
    try:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(json.dumps({"failed": rows}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError:
        return


def key(file: str, title: str) -> tuple[str, str]:
    """How a scenario is remembered: by its file, as seen from here, however it was named, and its title."""
    return Path(os.path.relpath(file)).as_posix(), title


def _key(result: Result) -> tuple[str, str]:
    return key(result.file, result.name)
