"""The operator's tariffs, options and rules of money, from a TOML file."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ussd_gateway.config import ConfigError
from ussd_gateway.subscribers.tariffs import Catalogue

_FOLDER = Path(__file__).parent / "web/operators/tariffs"
_CATALOGUE = TypeAdapter(Catalogue)


@cache
def load_tariffs(name: str) -> Catalogue:
    """The tariffs of `selfcare.tariffs`: the name of a file that came along, or the path of a .toml file; else ConfigError."""
    path = Path(name) if name.endswith(".toml") else _FOLDER / f"{name}.toml"
    try:
        return _CATALOGUE.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in _FOLDER.glob("*.toml")))
        raise ConfigError(
            f"selfcare.tariffs: {name}: {error.strerror}; known: {known}, or the path of a .toml file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"selfcare.tariffs: {name}: {error}") from error
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg'].lower()}" for one in error.errors())
        raise ConfigError(f"selfcare.tariffs: {name}: {mistakes}") from error
