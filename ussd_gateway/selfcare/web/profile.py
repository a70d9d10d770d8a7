"""Whose pages these are: the operator's name, words, codes, help lines and colours, as data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter

from ussd_gateway.selfcare.data_file import read_data

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
    return read_data("selfcare.operator", name, _PROFILES, TypeAdapter(Profile))
