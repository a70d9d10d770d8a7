"""Russian in Latin letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.coding.gsm7 import is_encodable
from ussd_gateway.coding.transliteration import to_latin

RUSSIAN = "".join(map(chr, range(ord("А"), ord("я") + 1))) + "Ёё"
TYPOGRAPHY = "«»„“”‘’–—−…№₽\u00a0\u202f\u2009\u00ad•"

TEXTS = [
    ("", ""),
    ("Ваш баланс: 100 руб.", "Vash balans: 100 rub."),
    ("Обещанный платёж подключён", "Obeschannyy platezh podklyuchen"),
    ("Съешь ещё этих мягких французских булок", "Sesh' esche etikh myagkikh frantsuzskikh bulok"),
    ("Щука, ЩУКА, МОЯ, Я, ЮЛЯ и Юля", "Schuka, SCHUKA, MOYA, Ya, YULYA i Yulya"),
    ("ОБЪЁМ", "OBEM"),
    ("тариф «Супер — лучший» №5…", 'tarif "Super - luchshiy" No5...'),
    ("„всё“ “да” ‘нет’", '"vse" "da" \'net\''),
    ("5\u00a0000\u202f₽", "5 000 rub"),
    ("мо\u00adбиль\u00adный", "mobil'nyy"),
    ("и\u0306од и е\u0308лка", "yod i elka"),  # a letter and its mark apart
    ("Balance: €5 [ok]", "Balance: €5 [ok]"),
    ("日本 ґ", "日本 ґ"),  # not Russian: untouched
]


@pytest.mark.parametrize(("text", "latin"), TEXTS)
def test_russian_in_latin_letters(text, latin):
    assert to_latin(text) == latin


@given(st.text(RUSSIAN + TYPOGRAPHY + " 0123456789.,:;!?()%*#-+/\n"))
def test_any_russian_text_becomes_gsm_7_bit(text):
    assert is_encodable(to_latin(text))


@given(st.text(RUSSIAN + TYPOGRAPHY))
def test_what_is_latin_stays_as_it_is(text):
    assert to_latin(to_latin(text)) == to_latin(text)
