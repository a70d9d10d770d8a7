"""What self-care says by SMS."""

import re

import pytest

from ussd_gateway.coding.gsm7 import is_encodable
from ussd_gateway.selfcare import texts
from ussd_gateway.selfcare.texts import NUMBERS, SECRET, SENT_SECRET, answer_sms, password_sms, service_name

WORDS = sorted(texts._ANSWERS)
LONGEST = "Ab3" * 9


def test_r115_the_password_is_found_as_the_documents_say():
    assert re.search(r"Пароль: (\S+)\.", password_sms("Ab3dE9xZ", "ru"))[1] == "Ab3dE9xZ"


@pytest.mark.parametrize(("language", "most"), [("ru", 70), ("latin", 160), ("en", 160)])
@pytest.mark.parametrize("password", ["Ab3dE9", LONGEST[:26]])
def test_r175_a_passwords_sms_is_one_part(language, most, password):
    text = password_sms(password, language)

    assert len(text) <= most
    assert password in text
    assert is_encodable(text) is (language != "ru")


@pytest.mark.parametrize("language", ["ru", "latin", "en"])
def test_r178_the_mask_covers_the_password_and_nothing_else(language):
    text = password_sms("Ab3dE9xZ", language)

    assert SECRET.sub("********", text) == text.replace("Ab3dE9xZ", "********")


@pytest.mark.parametrize("word", WORDS)
def test_an_answer_is_one_sms_in_every_language_and_has_no_secret(word):
    assert len(answer_sms(word, "ru")) <= 70
    assert is_encodable(answer_sms(word, "latin"))
    assert is_encodable(answer_sms(word, "en"))
    assert not any(SECRET.search(answer_sms(word, language)) for language in ("ru", "latin", "en"))


def test_a_service_has_a_name_in_every_language_and_one_unknown_shows_its_code():
    assert service_name(NUMBERS, "ru") == "Управление номерами"
    assert service_name(NUMBERS, "latin") == "Upravlenie nomerami"
    assert service_name(NUMBERS, "en") == "Number management"
    assert service_name("999", "latin") == "999"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("25 Sms2011", "25 ********"), (" 25  Sms 2011", " 25  ********"), ("25", "25"), ("828", "828")],
)
def test_r178_the_mask_covers_a_password_of_ones_own(text, shown):
    assert SENT_SECRET.sub("********", text) == shown
