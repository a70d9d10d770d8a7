"""The applications of a config, and what is told of them."""

import re

import pytest

from tests.conftest import CHEAP, FREE_PORTS, START
from ussd_gateway import Gateway, VirtualClock
from ussd_gateway.config import ConfigError

ANNA = "70001000001"
MENU = """
title = "Lottery"
codes = ["*9#"]

[screens.main]
handler = "draw:draw"
text = { ru = "Done", en = "Done" }
end = true
"""
CONFIG = """
[[application]]
codes = ["*7#", "*8#"]
function = "draw:draw"

[[application]]
code = "*177#"
url = "http://user:secret@127.0.0.1:1/ussd?token=secret"
dialect = "nalo"

[[application]]
code = "*78#"
menu = "lottery.toml"
"""


@pytest.fixture
def starting(tmp_path):
    """Makes gateways of a config that lies beside a menu and a function that raises."""
    (tmp_path / "menus").mkdir()
    (tmp_path / "lottery.toml").write_text(MENU)
    (tmp_path / "draw.py").write_text('async def draw(ussd):\n    raise ValueError("4321")\n')

    def starting(text):
        (tmp_path / "config.toml").write_text(text)
        flags = FREE_PORTS | CHEAP
        return Gateway.from_config(tmp_path / "config.toml", clock=VirtualClock(START), flags=flags)

    return starting


async def test_one_application_is_one_row_with_all_its_codes_and_its_last_error(starting):
    async with starting(CONFIG) as gateway:
        for code in ("*8#", "*177#", "*78#"):
            await gateway.handset(ANNA).dial(code)
        function, url, menu = gateway._applications.listed()
    assert (function["kind"], function["codes"]) == ("function", ["*7#", "*8#"])
    assert function["last_error"] == "draw:draw raised ValueError at draw.py:2"
    assert (url["kind"], url["dialect"], url["url"]) == ("url", "nalo", "http://127.0.0.1:1/ussd")
    assert url["last_error"] == "http://127.0.0.1:1/ussd cannot be connected to: Connection refused"
    assert (menu["kind"], menu["codes"]) == ("menu", ["*78#"])
    assert "ValueError" in menu["last_error"]
    assert [row["open_sessions"] for row in (function, url, menu)] == [0, 0, 0]


MISTAKES = {
    "no code": ('code = "384"\nurl = "http://a/"', "application[0].code: '384' is no service code"),
    "a code twice": (
        'codes = ["*1#"]\nurl = "http://a/"\n[[application]]\ncode = "*1#"\nfunction = "draw:draw"',
        "application[1].code: *1# is answered by another application already",
    ),
    "no such function": ('code = "*1#"\nfunction = "draw:drew"', "application[0].function: "),
    "no such menu": ('code = "*1#"\nmenu = "none.toml"', "application[0].menu: "),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES)
def test_what_cannot_be_attached_names_its_place(starting, text, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        starting(f"[[application]]\n{text}\n")
