"""USSD screens: what fits one, and how a longer text becomes pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.coding import pages
from ussd_gateway.coding.data_coding import ussd_data_coding, ussd_octets

SUNGLASSES = "\N{SMILING FACE WITH SUNGLASSES}"
MORE, BACK = "9 Далее", "0 Назад"
LATIN = {"more": "9 More", "back": "0 Back"}

MENU = """\
Мобильный портал
1 Баланс и расходы
2 Пароль от кабинета
3 Тарифы и услуги
4 Обещанный платеж
5 Домашний интернет"""

MENU_PAGES = [
    "Мобильный портал\n1 Баланс и расходы\n2 Пароль от кабинета\n9 Далее",
    "3 Тарифы и услуги\n4 Обещанный платеж\n5 Домашний интернет\n0 Назад",
]


@pytest.mark.parametrize(
    ("text", "limit", "fits"),
    [
        ("", 160, True),
        ("a" * 182, 160, True),
        ("a" * 183, 160, False),
        ("Ж" * 80, 160, True),
        ("Ж" * 81, 160, False),
        (SUNGLASSES * 40, 160, True),
        (SUNGLASSES * 41, 160, False),
        ("a" * 160, 140, True),
        ("a" * 161, 140, False),
    ],
)
def test_what_fits_a_screen(text, limit, fits):
    assert pages.fits(text, limit) is fits
    assert (pages.split(text, limit=limit) == [text]) is fits


def test_a_menu_breaks_at_line_ends():
    assert pages.split(MENU) == MENU_PAGES


def test_the_middle_page_has_both_lines_of_navigation():
    first, *middle, last = pages.split("\n".join(f"{number} Очень длинный пункт меню" for number in range(1, 9)))
    assert middle
    assert first.endswith(f"\n{MORE}")
    assert all(page.endswith(f"\n{MORE}\n{BACK}") for page in middle)
    assert last.endswith(f"\n{BACK}")
    assert BACK not in first
    assert MORE not in last


def test_a_long_line_breaks_at_word_ends():
    first, second = pages.split("слово " * 15)
    assert first == " ".join(["слово"] * 12) + f"\n{MORE}"
    assert second == " ".join(["слово"] * 3) + f"\n{BACK}"


def test_a_long_word_breaks_between_characters():
    first, second = pages.split("Ж" * 100)
    assert first == "Ж" * 72 + f"\n{MORE}"
    assert second == "Ж" * 28 + f"\n{BACK}"


def test_a_surrogate_pair_is_never_cut():
    first, second = pages.split("Ж" + SUNGLASSES * 50)
    assert first == "Ж" + SUNGLASSES * 35 + f"\n{MORE}"
    assert ussd_octets(first) == 158
    assert second == SUNGLASSES * 15 + f"\n{BACK}"


def test_each_page_has_its_own_encoding():
    first, second = pages.split("a" * 175 + " Ж", **LATIN)
    assert first == "a" * 175 + "\n9 More"
    assert second == "Ж\n0 Back"
    assert [ussd_data_coding(page) for page in (first, second)] == [15, 72]


def test_a_cyrillic_line_of_navigation_makes_a_latin_page_ucs_2():
    first, *_ = pages.split("a" * 183)
    assert first == "a" * 72 + f"\n{MORE}"
    assert ussd_octets(first) == 160


def test_white_space_at_the_end_makes_no_page():
    assert pages.split("a" * 182 + "   \n ") == ["a" * 182]


def test_white_space_alone_makes_no_page():
    first, *_ = pages.split("\n \n" + "Ж" * 100)
    assert first.startswith("\n \nЖ")


def test_a_line_of_navigation_may_be_left_out():
    assert pages.split("Ж" * 81, more="", back="") == ["Ж" * 80, "Ж"]


@pytest.mark.parametrize(("limit", "navigation"), [(16, {}), (5, LATIN), (0, {}), (1, {"more": "", "back": ""})])
def test_a_limit_without_room_beside_the_navigation_is_an_error(limit, navigation):
    with pytest.raises(ValueError, match=f"limit {limit} leaves no room for text beside the navigation"):
        pages.split("Ж" * 100, limit=limit, **navigation)


words = st.text("abcЖю{€1" + SUNGLASSES, min_size=1, max_size=12)
screens = st.lists(st.tuples(words, st.sampled_from([" ", "\n", "  ", "\n\n", "\n  "])), max_size=120).map(
    lambda pairs: "".join(word + separator for word, separator in pairs)
)
navigations = st.sampled_from([{}, LATIN])


def without_navigation(split, more=MORE, back=BACK):
    if len(split) == 1:
        return split
    tails = [f"\n{more}", *[f"\n{more}\n{back}"] * (len(split) - 2), f"\n{back}"]
    assert all(page.endswith(tail) for page, tail in zip(split, tails, strict=True))
    return [page[: -len(tail)] for page, tail in zip(split, tails, strict=True)]


@given(screens, navigations, st.integers(80, 200))
def test_no_page_is_over_the_limit_and_every_word_is_on_one(text, navigation, limit):
    split = pages.split(text, limit=limit, **navigation)
    assert all(ussd_octets(page) <= limit for page in split)
    bodies = without_navigation(split, **navigation)
    assert [word for body in bodies for word in body.split()] == text.split()
    assert all(body.strip() for body in bodies) or not text.strip()


@given(st.text(max_size=500), navigations)
def test_any_text_makes_pages_that_fit_and_lose_white_space_only(text, navigation):
    split = pages.split(text, **navigation)
    assert all(pages.fits(page) for page in split)
    bodies = without_navigation(split, **navigation)
    assert "".join("".join(bodies).split()) == "".join(text.split())


# cutting


@pytest.mark.parametrize(
    ("text", "limit", "tail", "kept"),
    [
        ("Ж" * 80, 160, "", "Ж" * 80),
        ("слово " * 15, 160, "", " ".join(["слово"] * 13)),
        ("слово " * 15, 160, "\n1 Да", " ".join(["слово"] * 12)),
        ("раз\nдва три", 14, "", "раз\nдва"),
        ("Ж" * 81, 160, "", "Ж" * 80),
        ("a" * 160 + " Ж", 140, "", "a" * 160),
        ("Ж" + SUNGLASSES * 50, 160, "", "Ж" + SUNGLASSES * 39),
        ("[]" * 100, 160, "", "[]" * 45 + "["),
    ],
)
def test_a_text_is_cut_at_a_word_end_so_that_it_fits_with_what_follows(text, limit, tail, kept):
    assert pages.cut(text, limit, tail) == kept


def test_nothing_can_be_cut_so_that_there_is_no_room():
    with pytest.raises(ValueError, match="leaves no room"):
        pages.cut("Ж" * 5, 10, "\n1 Да и нет")


@given(screens, st.integers(40, 160), st.sampled_from(["", "\n0 Back", "\n1 Да\n0 Назад"]))
def test_what_is_cut_fits_and_is_the_beginning_of_the_text(text, limit, tail):
    kept = pages.cut(text, limit, tail)

    assert pages.fits(kept + tail, limit)
    assert text.startswith(kept)
    assert kept == text or kept.strip() or not text[:1].strip()
    following = text[len(kept) : len(kept) + 1]
    assert not following.strip() or not any(letter.isspace() for letter in kept.strip())
