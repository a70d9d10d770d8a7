"""Whose pages these are: the operator's name, words, codes, help lines and colours, as data."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from ussd_gateway.config import ConfigError

_PROFILES = Path(__file__).parent / "operators"

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Data):
    """The same in each language of the pages."""

    ru: str
    en: str

    def in_(self, language: str) -> str:
        """In "ru" or "en"."""
        return self.en if language == "en" else self.ru


class Colours(_Data):
    """What buttons and links are coloured; those of a dark page begin with dark_. Text on `accent` is `on_accent`."""

    accent: Colour
    on_accent: Colour
    link: Colour
    dark_accent: Colour
    dark_on_accent: Colour
    dark_link: Colour


class Profile(_Data):
    """An operator.

    my             what the site's menu calls the customer's corner (R005)
    connect        the program that comes with the operator's modems
    help_mobile    the help line from a mobile of this operator, help_any from any phone; both are free
    password_code  what is dialled for a password, password_word what is sent by SMS
    """

    name: Words
    my: Words
    connect: Words
    help_mobile: str
    help_any: str
    password_code: str
    password_word: Words
    colours: Colours


@cache
def load_profile(name: str) -> Profile:
    """The profile of `selfcare.operator`: the name of one that came along, or the path of a .toml file; else ConfigError."""
    path = Path(name) if name.endswith(".toml") else _PROFILES / f"{name}.toml"
    try:
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        known = ", ".join(sorted(profile.stem for profile in _PROFILES.glob("*.toml")))
        raise ConfigError(
            f"selfcare.operator: {name}: {error.strerror}; known: {known}, or the path of a .toml file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"selfcare.operator: {name}: {error}") from error
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg'].lower()}" for one in error.errors())
        raise ConfigError(f"selfcare.operator: {name}: {mistakes}") from error
