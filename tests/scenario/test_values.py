"""What is the same value in several texts, and what is another one each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.patterns import search
from ussd_gateway.scenario.model import CONTAINING, EXACTLY, MATCHING
from ussd_gateway.scenario.values import Values, hide


def values(*texts, numbers=None, constant=(), timeless=True):
    """Values of texts, each heard, or said by an actor: ("heard", text) or (actor, text)."""
    made = Values(numbers or {}, constant, timeless)
    for place, (actor, text) in enumerate(texts):
        if actor == "heard":
            made.hear(place, text)
        else:
            made.say(place, text, actor, "1234")
    return made


def expected(made, place, text):
    found = made.expected(place, text)
    return found and (found.how, found.text.source)


@pytest.mark.parametrize(
    ("heard", "said", "expects", "writes"),
    [
        ("Code 4711", "4711", r"^Code (?P<code>\d+)$", "{code}"),
        ("Ваш пин: 4711.", "4711", r"^Ваш пин: (?P<pin>\d+)\.$", "{pin}"),
        ("Заказ № a17b готов (да?)", "СТОП a17b", r"^Заказ № (?P<order>\w+) готов \(да\?\)$", "СТОП {order}"),
        (
            "Введите 4711\nи ещё раз 4711",
            "*100*4711#",
            "^Введите (?P<value>\\d+)\\nи ещё раз {value}$",
            "*100*{value}#",
        ),
        ("{4711}", "4711", r"^\{(?P<value>\d+)\}$", "{value}"),
    ],
)
def test_what_was_heard_and_then_said_is_a_capture(heard, said, expects, writes):
    made = values(("heard", heard), ("anna", said))
    assert expected(made, 0, heard) == (MATCHING, expects)
    assert made.text(1, said).source == writes
    assert [use.origin for use in made.uses(1)] == [0]


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("1 Баланс", "1"),  # a key of a menu
        ("от 100 до 500", "100"),
        ("Наберите *12345#", "*12345#"),
        ("Code 47110", "4711"),
        ("Напишите на 5000", "5000"),
    ],
)
def test_keys_short_numbers_and_codes_are_none(heard, said):
    made = values(("heard", heard), ("anna", said), constant=["5000"])
    assert expected(made, 0, heard) == (EXACTLY, heard)
    assert made.text(1, said).source == said


def test_the_year_of_a_day_is_no_value_of_its_own():
    made = values(("heard", "Оплачено 12.05.2018"), ("anna", "2018"), timeless=False)
    assert expected(made, 0, "Оплачено 12.05.2018") == (MATCHING, r"^Оплачено \d+\.\d+\.\d+$")
    assert (made.text(1, "2018").source, made.uses(1)) == ("2018", ())


def test_who_says_it_again_has_not_heard_it():
    made = values(("anna", "1000"), ("heard", "Сумма 1000?"), ("anna", "1000"))
    assert expected(made, 1, "Сумма 1000?") == (EXACTLY, "Сумма 1000?")
    assert made.text(2, "1000").source == "1000"


def test_what_one_says_another_hears_and_says():
    made = values(("shop", "Code 4711"), ("heard", "Code 4711"), ("anna", "4711"), ("heard", "It is 4711"))
    assert made.text(0, "Code 4711").source == "Code 4711"
    assert expected(made, 1, "Code 4711") == (MATCHING, r"^Code (?P<code>\d+)$")
    assert made.text(2, "4711").source == "{code}"
    assert expected(made, 3, "It is 4711") == (EXACTLY, "It is {code}")


def test_two_values_of_one_name_are_told_apart():
    made = values(("heard", "Code 4711"), ("heard", "Code 4712"), ("anna", "4711"), ("anna", "4712"))
    assert [made.text(place, text).source for place, text in [(2, "4711"), (3, "4712")]] == ["{code}", "{code_2}"]


def test_what_the_journal_hides_is_captured_where_it_was_first_and_named_from_there_on():
    first, again = hide("Пароль: ********.", ["s1"]), hide("Снова ********!", ["s1"])
    made = values(("heard", first), ("web", hide("********", ["s1"])), ("heard", again))
    assert expected(made, 0, first) == (MATCHING, r"^Пароль: (?P<password>\S+)\.$")
    assert made.hidden(0, first) == ["password"]
    assert made.text(1, hide("********", ["s1"])).source == "{password}"
    assert expected(made, 2, again) == (EXACTLY, "Снова {password}!")


def test_what_somebody_typed_and_the_journal_hides_is_a_variable():
    typed = hide("*111*25*********#", ["s1"])
    made = values(("anna", typed), ("heard", hide("********?", ["s1"])), ("anna", hide("********", ["s1"])))
    assert made.text(0, typed).source == "*111*25*{secret}#"
    assert expected(made, 1, hide("********?", ["s1"])) == (EXACTLY, "{secret}?")
    assert made.text(2, hide("********", ["s1"])).source == "{secret}"
    assert made.invented == {"secret": "1234"}


def test_a_phones_number_is_a_variable_in_texts():
    made = values(("heard", "Звонил 70001000002"), numbers={"70001000002": "number_of_boris"})
    assert expected(made, 0, "Звонил 70001000002") == (EXACTLY, "Звонил {number_of_boris}")
    assert made.used_numbers == {"70001000002"}


IDS = [
    ("Транзакция 123456789012 принята", r"^Транзакция \d+ принята$"),
    ("id 6ba7b810-9dad-11d1-80b4-00c04fd430c8", r"^id \S+$"),
    ("hash 00c04fd430c8aa", r"^hash \S+$"),
]
MOMENTS = [
    ("Оплачено 27.04.2018 в 17:50.", r"^Оплачено \d+\.\d+\.\d+ в \d+:\d+\.$"),
    ("До 2018-04-27", r"^До \d+-\d+-\d+$"),
]


@pytest.mark.parametrize(("text", "pattern"), IDS)
@pytest.mark.parametrize("timeless", [True, False])
def test_ids_are_another_one_each_time(text, pattern, timeless):
    made = values(("heard", text), timeless=timeless)
    assert expected(made, 0, text) == (MATCHING, pattern)
    assert len(made.differs(0, text)) == 1


@pytest.mark.parametrize(("text", "pattern"), MOMENTS)
def test_days_and_times_differ_only_where_time_is_real(text, pattern):
    assert expected(values(("heard", text), timeless=False), 0, text) == (MATCHING, pattern)
    assert expected(values(("heard", text)), 0, text) == (EXACTLY, text)


@pytest.mark.parametrize(
    "text", ["Ваш баланс: 150.00 р.", "8 (000) 100-00-01", "127.0.0.1", "Тариф «Смарт»", "3 из 10"]
)
def test_amounts_and_words_are_exact(text):
    assert expected(values(("heard", text), timeless=False), 0, text) == (EXACTLY, text)


def test_what_was_sent_so_is_exact():
    text = "Буду 27.04.2018 в 17:50, тел. 88005553535"
    assert expected(values(("anna", text), ("heard", text), timeless=False), 1, text) == (EXACTLY, text)


def test_part_of_a_text_can_be_expected():
    made = values(("heard", "Личный кабинет"))
    assert made.expected(0, "Личный кабинет", CONTAINING).how == CONTAINING


@given(st.text(), st.text("0123456789abc", min_size=4, max_size=8), st.text())
def test_a_text_is_always_as_its_expectation_has_it(before, value, after):
    text = f"{before} {value}1 {after}"
    made = values(("heard", text), ("anna", f"{value}1"), timeless=False)
    captures = {}
    for _ in range(2):
        found = search(made.expected(0, text).regex(captures), text)
        assert found
        captures |= found.groupdict()
    assert made.text(1, f"{value}1").fill(captures) == f"{value}1"
