"""The grammar of a menu file as JSON Schema (2020-12), for editors that complete keys and underline mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ussd_gateway.menu.keys import TYPES, Key, under
from ussd_gateway.menu.model import LATIN, RUSSIAN

Schema = dict[str, object]

FILE = "menu.schema.json"
"""The name under which it lies beside the menus; their first line is `#:schema ./menu.schema.json`."""

_SAID: Schema = {"type": "string", "pattern": r"\S"}
_TEXT: Schema = {
    "type": ["string", "object"],
    "pattern": r"\S",  # of the string
    "properties": {RUSSIAN: _SAID, "en": _SAID},
    "additionalProperties": _SAID,
    "propertyNames": {"not": {"const": LATIN}},
    "minProperties": 1,
}

_TYPES: Mapping[str, Schema] = {
    "string": _SAID,
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "seconds": {"type": "number"},
    "text": _TEXT,
    "words": _TEXT,
    "template": _SAID,
    "expression": _SAID,
    "bound": {"type": ["number", "string"]},  # a date of TOML is a string to JSON Schema
    "pattern": {"type": "string", "format": "regex", "minLength": 1},
    "value": {},
    "tree": {"type": ["object", "array"]},
    "path": _SAID,
    "code": {"type": "string", "pattern": r"^[*#]{1,3}[0-9]+([*#][0-9]+)*#$"},
    "language": _SAID,
    "screen": _SAID,
    "variable": {"type": "string", "pattern": r"^[^\W\d]\w*$"},
    "handler": _SAID,
    "key": {"type": "string", "pattern": r"^[^\s*#]+$"},
}
"""What a value of each of `keys.TYPES` is, tables aside."""


def schema() -> Schema:
    """The schema of a menu file, as `json` writes it. It refers to nothing, inside or outside."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A menu of ussd_gateway",
        **_table(""),
    }


def schema_text() -> str:
    """The schema as a file."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _table(path: str) -> Schema:
    """The table at a path of `keys.KEYS`."""
    keys = {key.path.rpartition(".")[2]: key for key in under(path)}
    described: Schema = {
        "type": "object",
        "properties": {name: _key(key) for name, key in keys.items()},
        "additionalProperties": False,
    }
    if required := [name for name, key in keys.items() if key.required]:
        described["required"] = required
    return described


def _key(key: Key) -> Schema:
    kind = key.kind.rstrip("[]{}")
    described: Schema = {"description": f"{key.about} ({TYPES[kind]})"}
    if key.default is not None:
        described["default"] = key.default
    if key.kind.endswith("[]"):
        described |= {"type": "array", "items": _one(key, kind, f"{key.path}[]")}
    elif key.kind.endswith("{}"):
        described |= {"type": "object", "additionalProperties": _one(key, kind, f"{key.path}.*")}
    else:
        return described | _one(key, kind, key.path)
    return described | ({"minItems" if key.kind.endswith("[]") else "minProperties": 1} if key.required else {})


def _one(key: Key, kind: str, path: str) -> Schema:
    """One value of a key, which stands at `path` if it is a table."""
    if kind == "table":
        return _table(path)
    described = dict(_TYPES[kind])
    if key.allowed:
        return {"enum": list(key.allowed)}
    if key.default == "":  # it may be left empty to say that there is none
        del described["pattern"]
    if key.least is not None:
        described["minimum"] = key.least
    if key.most is not None:
        described["maximum"] = key.most
    return described
