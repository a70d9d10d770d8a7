import pytest

from ussd_gateway.menu.check_codes import reserved
from ussd_gateway.menu.load import examine_all
from ussd_gateway.network.address import MmiKind, classify

PORTAL = """\
title = "Portal"
codes = ["*111#"]
languages = ["en"]
[screens.main]
text = "Portal"
choices = [
    { key = "1", label = "Help", to = "help" },
    { key = "25", to = "bye", hidden = true },
]
[screens.help]
text = "Help"
choices = [{ key = "2", label = "Bye", to = "bye" }]
[screens.bye]
text = "Bye."
end = true
"""


def other(code):
    return f'title = "Other"\nlanguages = ["en"]\ncodes = ["{code}"]\n[screens.main]\ntext = "Other"\nend = true\n'


def together(code):
    every = examine_all({"other.toml": other(code), "portal.toml": PORTAL})
    return [str(mistake) for examined in every.values() for mistake in examined.mistakes]


# Every service code of two and three digits, in every form, and what the phone keeps for itself.
DIALLED = [
    *(f"{prefix}{code}{rest}#" for prefix in ("*", "**", "#", "##", "*#") for rest in ("", "*1", "*1*2*3*4*5")
      for code in (*(f"{n:02}" for n in range(100)), *(f"{n:03}" for n in range(1000)))),
    *("*#06#", "**04*1234*5678*5678#", "**042*1*2*2#", "**05*12345678*1234*1234#", "**052*1*2*2#"),
]  # fmt: skip


def test_a_code_is_reserved_where_a_phone_does_not_send_it_as_ussd():
    wrong = [code for code in DIALLED if bool(reserved(code)) != (classify(code).kind is not MmiKind.USSD)]

    assert wrong == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("*21#", "it is a supplementary service, call forwarding"),
        ("#31#", "it is a supplementary service, presentation of numbers"),
        ("*#06#", "the phone shows the IMEI"),
        ("**04*1*2*2#", "the phone changes the PIN"),
        ("*111*25#", ""),
        ("**31#", ""),
    ],
)
def test_the_reason_is_the_service(code, reason):
    assert reserved(code) == reason


@pytest.mark.parametrize("code", ["*112#", "*111*25#", "*111*3#", "*111*1*3#", "#111*1#", "*1111#"])
def test_codes_that_go_together(code):
    assert together(code) == []


@pytest.mark.parametrize(("code", "path"), [("*111*1#", "1"), ("*111*1*2#", "1*2")])
def test_a_code_hides_what_another_menu_shows(code, path):
    assert together(code) == [
        f'other.toml:3: codes[0]: "{code}" hides choice {path} of "*111#" in portal.toml: who dials it does not come '
        "there; give that choice another key, or hidden = true"
    ]


def test_two_files_have_one_code():
    assert together("*111#") == ['portal.toml:2: codes[0]: "*111#" is a code of other.toml too; only one can answer it']


def test_a_file_that_is_no_toml_leaves_the_others_as_they_are():
    broken, portal = examine_all({"broken.toml": "title =", "portal.toml": PORTAL}).values()

    assert broken.menu is None
    assert portal.menu.title == "Portal"
