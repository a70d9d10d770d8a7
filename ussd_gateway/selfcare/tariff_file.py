"""The operator's tariffs, options and rules of money, from a TOML file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from ussd_gateway.selfcare.data_file import read_data
from ussd_gateway.subscribers.tariffs import Catalogue

_FOLDER = Path(__file__).parent / "web/operators/tariffs"
_CATALOGUE = TypeAdapter(Catalogue)


@cache
def load_tariffs(name: str) -> Catalogue:
    """The tariffs of `selfcare.tariffs`: the name of a file that came along, or the path of a .toml file; else ConfigError."""
    return read_data("selfcare.tariffs", name, _FOLDER, _CATALOGUE)
