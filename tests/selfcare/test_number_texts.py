"""The SMS about second numbers, in every language."""

import pytest

from ussd_gateway.selfcare.number_texts import _TEXTS, LONGEST_REASON, WHY, number_sms, plain_reason

FACTS = {"id": 7, "main": "+70001000001", "number": "+70001000002", "reason": "Нет договора", "why": "resold"}


@pytest.mark.parametrize("language", ["ru", "en", "latin"])
@pytest.mark.parametrize("what", _TEXTS)
def test_every_text_is_there_in_every_language(what, language):
    text = number_sms(what, language, **FACTS)

    assert "{" not in text
    assert "+7000100000" in text
    if language == "latin":
        assert text.isascii()


@pytest.mark.parametrize("why", WHY)
def test_every_reason_of_the_operator_has_words(why):
    assert number_sms("ended", "ru", **FACTS | {"why": why}).endswith(f": {WHY[why]['ru']}.")


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("  Нет   договора ", "Нет договора"),
        ("a\nb\tc\x00d\x1be", "a b c d e"),
        ("\u202eabc\u200b", "abc"),
        (" \n ", ""),
        ("я" * 300, "я" * LONGEST_REASON),
    ],
)
def test_a_reason_is_one_line_without_control_characters(typed, plain):
    assert plain_reason(typed) == plain
