"""The operator's data as TOML: a file that came along, by its name, or one of the operator's own, by its path."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from ussd_gateway.config import ConfigError

Data = TypeVar("Data")


def read_data(key: str, name: str, folder: Path, kind: TypeAdapter[Data]) -> Data:
    """What the file says; ConfigError names the key of the settings, the file, and the mistake.

    key     such as "selfcare.operator", whose value `name` is
    name    of a file in `folder`, without .toml; or the path of a .toml file
    """
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    try:
        return kind.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in folder.glob("*.toml")))
        raise ConfigError(f"{key}: {name}: {error.strerror}; known: {known}, or the path of a .toml file") from error
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg'].lower()}" for one in error.errors())
        raise ConfigError(f"{key}: {name}: {mistakes}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{key}: {name}: {error}") from error
