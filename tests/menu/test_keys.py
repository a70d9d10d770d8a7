"""The table of keys: what it says of the file is consistent, and the page has it whole."""

from pathlib import Path

import pytest

from ussd_gateway.menu.keys import BY_PATH, KEYS, TYPES, keys_table, names, under

PAGE = (Path(__file__).parents[2] / "docs" / "menus.md").read_text(encoding="utf-8")


def test_every_path_stands_once():
    assert len(BY_PATH) == len(KEYS)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_a_key_has_a_known_type_and_stands_in_a_table_that_has_its_own_row(key):
    around, _, name = key.path.rpartition(".")
    table = BY_PATH.get(around.removesuffix("[]").removesuffix(".*"))

    assert name
    assert key.about
    assert key.kind.rstrip("[]{}") in TYPES
    assert not around or (table and table.kind.startswith("table"))


def test_a_table_knows_the_names_in_it_and_no_deeper_ones():
    assert names("screens.*.confirm") == ("to", "price", "cancel")
    assert "screens" in names("")
    assert "text" not in names("")
    assert next(key.path for key in under("navigation")) == "navigation.back"


def test_the_page_has_every_key():
    assert keys_table() in PAGE
