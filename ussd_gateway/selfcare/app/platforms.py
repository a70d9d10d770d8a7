"""The platforms of the subscriber's application, as data: `platforms.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform.

    store       the name of its store; "" where it is in none
    device      what the name of a device looks like
    user_agent  what the application on `{device}` says of itself
    """

    name: str
    store: str
    device: re.Pattern[str]
    user_agent: str

    def fits(self, device: str) -> bool:
        """Whether a device may be called so."""
        return bool(self.device.fullmatch(device)) and device.isprintable() and not device.isspace()


@cache
def platforms() -> Mapping[str, Platform]:
    """Every platform by its name."""
    tables = tomllib.loads((Path(__file__).parent / "platforms.toml").read_text(encoding="utf-8"))
    return {
        name: Platform(name, table.get("store", ""), re.compile(table["device"]), table["user_agent"])
        for name, table in tables.items()
    }
