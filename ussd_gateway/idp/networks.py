"""The social networks, as data: `networks.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Account:
    """A person of a network; nobody asks for a password."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Network:
    """A social network.

    name    what its addresses say: /idp/<name>
    title   in "ru" and "en"
    accent  a colour on which white text can be read, "#rrggbb"
    logo    an <svg> in the colour of the text around it
    people  who can log in, by id
    """

    name: str
    title: Mapping[str, str]
    accent: str
    logo: Markup
    people: Mapping[str, Account]

    @property
    def place(self) -> str:
        """The path of its application."""
        return f"/idp/{self.name}"


@cache
def networks() -> Mapping[str, Network]:
    """Every network by its name, with the people that it has of its own accord."""
    tables = tomllib.loads((Path(__file__).parent / "networks.toml").read_text(encoding="utf-8"))
    return {name: _network(name, table) for name, table in tables.items()}


def _network(name: str, table: Mapping[str, object]) -> Network:
    title, accent, logo, box, people = (table[key] for key in ("title", "accent", "logo", "logo_box", "people"))
    assert isinstance(title, dict)
    assert isinstance(people, list)
    drawn = f'<svg viewBox="{box}" width="32" height="32" fill="currentColor" aria-hidden="true">{logo}</svg>'
    accounts = {one["id"]: Account(one["id"], one["name"]) for one in people}
    return Network(name, title, str(accent), Markup(drawn), accounts)  # noqa: S704 - a file of ours
