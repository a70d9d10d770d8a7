"""The operator's data, from a file that came along or one of his own."""

import pytest
from pydantic import TypeAdapter

from ussd_gateway.config import ConfigError
from ussd_gateway.selfcare.data_file import read_data

PRICES = TypeAdapter(dict[str, int])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "usual.toml").write_text("sms = 150\n", encoding="utf-8")
    return tmp_path


def test_a_file_is_named_or_is_a_path(folder, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.toml").write_text("sms = 200\n", encoding="utf-8")

    assert read_data("selfcare.prices", "usual", folder, PRICES) == {"sms": 150}
    assert read_data("selfcare.prices", str(own / "mine.toml"), folder, PRICES) == {"sms": 200}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "other: No such file or directory; known: usual, or the path of a .toml file"),
        ("sms = many", "other: Invalid value"),
        ("sms = 'many'", "other: sms: input should be a valid integer"),
    ],
)
def test_a_mistake_names_the_key_the_file_and_the_way_out(folder, content, words):
    if content:
        (folder / "other.toml").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError) as raised:
        read_data("selfcare.prices", "other", folder, PRICES)

    assert str(raised.value).startswith(f"selfcare.prices: {words}")
