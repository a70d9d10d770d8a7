"""Check codes."""

import random
import secrets

import pytest

from tests.selfcare.conftest import section
from ussd_gateway.config import ConfigError
from ussd_gateway.selfcare.web import captcha
from ussd_gateway.selfcare.web.captcha import MOST, MOST_OF_ONE_SESSION, Captchas


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def captchas(clock):
    return Captchas(section(captcha="text"), clock)


def test_r108_an_answer_is_for_one_use_whether_right_or_wrong(captchas):
    first, second = captchas.ask("anna"), captchas.ask("anna")

    assert captchas.right("anna", first.id, first.answer)
    assert not captchas.right("anna", first.id, first.answer)
    assert not captchas.right("anna", second.id, "wrong")
    assert not captchas.right("anna", second.id, second.answer)


def test_r108_it_is_bound_to_its_session_and_to_its_picture(captchas):
    first, second = captchas.ask("anna"), captchas.ask("anna")

    assert not captchas.right("boris", first.id, first.answer)
    assert captchas.waiting("boris", first.id) is None
    assert first.answer == second.answer or not captchas.right("anna", first.id, second.answer)


def test_r108_it_expires(captchas, clock):
    challenge = captchas.ask("anna")
    clock.now = 299.9
    assert captchas.waiting("anna", challenge.id) == challenge
    clock.now = 300

    assert captchas.waiting("anna", challenge.id) is None
    assert not captchas.right("anna", challenge.id, challenge.answer)


def test_a_page_that_is_loaded_again_and_again_leaves_the_last_codes_only(captchas):
    asked = [captchas.ask("anna") for _ in range(MOST_OF_ONE_SESSION + 2)]

    waiting = [captchas.waiting("anna", challenge.id) is not None for challenge in asked]
    assert waiting == [False] * 2 + [True] * MOST_OF_ONE_SESSION


def test_only_so_many_wait_in_all(captchas):
    first = captchas.ask("session 0")
    for number in range(1, MOST):
        captchas.ask(f"session {number}")
    assert captchas.waiting("session 0", first.id)
    captchas.ask("one more")

    assert captchas.waiting("session 0", first.id) is None


@pytest.mark.parametrize("typed", [" 12 ", "１２", "١٢", "1 2", "\u00a012"])
def test_digits_of_any_script_and_spaces_are_taken(clock, typed):
    class Sixes:
        choice = staticmethod(lambda seq: "6")

    captchas = Captchas(section(captcha="text"), clock, Sixes())
    challenge = captchas.ask("anna")

    assert (challenge.terms, challenge.answer) == ((6, 6), "12")
    assert captchas.right("anna", challenge.id, typed)


def test_a_picture_has_five_digits_from_a_secure_source(clock):
    pytest.importorskip("captcha")
    captchas = Captchas(section(captcha="picture"), clock)
    answers = {captchas.ask("anna").answer for _ in range(50)}

    assert all(len(answer) == 5 and set(answer) <= set("23456789") for answer in answers)
    assert len(answers) > 45
    assert captchas._chance is secrets


def test_a_seed_gives_the_same_code_again(clock):
    asked = [Captchas(section(captcha="text"), clock, random.Random(3339)).ask("anna").answer for _ in range(2)]

    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("wanted", "installed", "kind"),
    [
        ("auto", True, "picture"),
        ("auto", False, "text"),
        ("text", True, "text"),
        ("off", True, "off"),
        ("picture", True, "picture"),
    ],
)
def test_what_is_shown_follows_the_settings_and_what_is_installed(clock, monkeypatch, wanted, installed, kind):
    monkeypatch.setattr(captcha, "find_spec", lambda name: object() if installed else None)

    assert Captchas(section(captcha=wanted), clock).kind == kind


def test_pictures_that_cannot_be_drawn_are_a_mistake_of_the_settings(clock, monkeypatch):
    monkeypatch.setattr(captcha, "find_spec", lambda name: None)

    with pytest.raises(ConfigError, match=r"pip install 'ussd-gateway\[captcha\]'"):
        Captchas(section(captcha="picture"), clock)


def test_switched_off_nothing_is_asked(clock):
    captchas = Captchas(section(captcha="off"), clock)

    assert captchas.ask("anna") is None
    assert captchas.right("anna", "", "")


def test_r178_a_challenge_shows_no_answer(captchas):
    challenge = captchas.ask("anna")

    assert challenge.answer not in repr(challenge).replace(challenge.id, "")
