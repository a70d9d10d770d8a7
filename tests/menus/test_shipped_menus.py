"""The menus that come with the gateway: every screen, every handler's answer, every language."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.applications.menu import read_menu
from ussd_gateway.coding.gsm7 import is_encodable
from ussd_gateway.coding.pages import fits
from ussd_gateway.menu.advance import Call, End, Show, advance, begin, resume

FOLDER = Path(__file__).parents[2] / "menus"

# What each handler may answer, the usual answer first.
ANSWERS = {
    "selfcare.balance": [{"balance": 15000}, {"balance": -123456789}],
    "selfcare.tariff": [{"tariff": "Супер 0"}, {"tariff": "Тариф " * 30}],
    "selfcare.services": [
        {"services": ["Управление номерами", "Вам звонили"]},
        {"services": []},
        {"services": ["Услуга"] * 40},
    ],
    "selfcare.cabinet_password": ["sent", "too_often", {"result": "shown", "password": "aB3dE5gH"}],
    "selfcare.numbers_connect": ["connected", "already_connected"],
    "selfcare.numbers_disconnect": ["disconnected", "not_connected"],
    "selfcare.numbers_state": [{"result": "on"}, {"result": "off"}],
    "selfcare.language_russian": ["done"],
    "selfcare.language_latin": ["done"],
}
ANYBODY = ["refused", "unavailable"]  # a blocked SIM, a service that is down

MENUS = {path.name: read_menu(path, ANSWERS) for path in sorted(FOLDER.glob("*.toml"))}
PORTAL = MENUS["portal.toml"]


def answered(step, menu, answers):
    while isinstance(step.action, Call):
        step = resume(menu, step.state, answers(step.action.handler))
    return step


def usual(handler):
    return ANSWERS[handler][0]


def dial(name, *inputs, language="ru", **answers):
    menu = MENUS[name]
    named = {f"selfcare.{handler}": answer for handler, answer in answers.items()}
    return answered(begin(menu, inputs, language), menu, lambda handler: named.get(handler, usual(handler))).action


def test_the_menus_are_those_of_the_codes_that_an_operator_has():
    assert {code: name for name, menu in MENUS.items() for code in menu.codes} == {
        "*100#": "balance.toml",
        "#100#": "balance.toml",
        "*111#": "portal.toml",
        "*111*25#": "password.toml",
    }


def test_the_portal_shows_its_choices_on_one_screen():
    assert dial("portal.toml") == Show(
        "Портал\n1 Баланс\n2 Тариф\n3 Услуги\n4 Пароль кабинета\n5 Мои номера\n6 Язык\n7 Выход"
    )


# What is dialled beyond *111#, and what the window says.
PORTAL_CODES = [
    (("1",), {}, "Ваш баланс: 150.00 р."),
    (("2",), {}, "Ваш тариф: Супер 0."),
    (("59",), {}, "Ваш тариф: Супер 0."),
    (("3",), {}, "Подключены:\nУправление номерами\nВам звонили"),
    (("3",), {"services": {"services": []}}, "Подключённых услуг нет."),
    (("4",), {}, "Пароль от личного кабинета отправлен Вам в SMS."),
    (("25",), {}, "Пароль от личного кабинета отправлен Вам в SMS."),
    (("5", "1"), {}, "Услуга «Управление номерами» подключена."),
    (("828", "1"), {}, "Услуга «Управление номерами» подключена."),
    (("828", "1"), {"numbers_connect": "already_connected"}, "Услуга «Управление номерами» уже подключена."),
    (("828", "1"), {"numbers_connect": "refused"}, "Услуга недоступна: номер заблокирован."),
    (("828", "2"), {}, "Услуга «Управление номерами» отключена."),
    (
        ("828", "2"),
        {"numbers_disconnect": "not_connected"},
        "На этом номере услуга «Управление номерами» не подключена.",
    ),
    (("828", "3"), {}, "На этом номере услуга «Управление номерами» подключена."),
    (("6", "1"), {}, "Язык сообщений: русский."),
    (("6", "2"), {}, "Yazyk soobscheniy: russkiy, latinskie bukvy."),
    (("7",), {}, "До свидания!"),
]


@pytest.mark.parametrize(("inputs", "answers", "text"), PORTAL_CODES)
def test_direct_dial_of_the_portal(inputs, answers, text):
    assert dial("portal.toml", *inputs, **answers) == End(text)


def test_a_wrong_direct_dial_says_so_on_the_screen_where_it_went_wrong():
    assert dial("portal.toml", "99").text.startswith("Неверно.\n1 Баланс\n")
    assert dial("portal.toml", "828", "9").text.startswith("Неверно.\n«Управление номерами»\n1 Подключить\n")


def test_some_phones_reach_the_portal_by_1111():
    assert dial("portal.toml", "1111") == dial("portal.toml")


def test_who_chooses_russian_is_told_so_in_russian():
    assert dial("portal.toml", "6", "1", language="latin") == End("Язык сообщений: русский.")


def test_the_balance_in_each_language():
    assert dial("balance.toml") == End("Ваш баланс: 150.00 р.")
    assert dial("balance.toml", language="en") == End("Your balance: RUB 150.00")
    assert dial("balance.toml", language="latin") == End("Vash balans: 150.00 r.")
    assert MENUS["balance.toml"].code_languages == {"#100#": "latin"}


def test_the_password_comes_by_sms_and_shows_only_where_the_operator_wants_it():
    shown = {"result": "shown", "password": "aB3dE5gH"}

    assert dial("password.toml") == End("Пароль от личного кабинета отправлен Вам в SMS.")
    assert dial("password.toml", cabinet_password="too_often") == End("Слишком много запросов. Попробуйте позже.")
    assert dial("password.toml", cabinet_password=shown) == End("Пароль от личного кабинета: aB3dE5gH", ("aB3dE5gH",))
    assert dial("portal.toml", "25", cabinet_password=shown).secrets == ("aB3dE5gH",)


def reached(menu, language):
    """Every step that answers and handlers can lead to, each with the way there."""
    keys = {choice.key for screen in menu.screens.values() for choice in screen.choices}
    first = begin(menu, (), language)
    steps, waiting = {}, [first]
    while waiting:
        state, action, _ = step = waiting.pop()
        key = (state.screen, state.language, state.page, len(state.history), action)
        if key in steps:
            continue
        steps[key] = step
        if isinstance(action, Call):
            waiting += [resume(menu, state, answer) for answer in (*ANSWERS[action.handler], *ANYBODY)]
        elif isinstance(action, Show):
            waiting += [advance(menu, state, answer) for answer in (*keys, *menu.navigation.keys, "?")]
    return list(steps.values())


SHAPES = [(name, language) for name, menu in MENUS.items() for language in menu.spoken]


@pytest.mark.parametrize(("name", "language"), SHAPES)
def test_every_screen_is_reached_fits_and_never_fails(name, language):
    menu = MENUS[name]
    steps = reached(menu, language)
    said = [step.action for step in steps if not isinstance(step.action, Call)]

    assert {step.state.screen for step in steps} == set(menu.screens)
    assert all(fits(action.text) for action in said)
    assert not [action.error for action in said if isinstance(action, End) and action.error]


@pytest.mark.parametrize("name", MENUS)
def test_every_latin_screen_is_gsm_7_bit(name):
    menu = MENUS[name]
    latin = [
        step.action.text
        for step in reached(menu, "latin")
        if not isinstance(step.action, Call) and step.state.language == "latin"
    ]

    assert [text for text in latin if not is_encodable(text)] == []


@pytest.mark.parametrize("name", MENUS)
def test_every_text_of_a_final_screen_takes_at_most_eighty_characters(name):
    texts = [screen.texts["ru"] for screen in MENUS[name].screens.values() if screen.end]

    assert [text.source for text in texts if text.template is None and len(text.source) > 80] == []


@given(
    st.sampled_from(SHAPES),
    st.lists(st.sampled_from(["1", "2", "828", "6", "9", ""]), max_size=4),
    st.lists(
        st.sampled_from(["0", "00", "9", "1", "2", "3", "4", "5", "6", " 5 ", "828", "*"]) | st.text(), max_size=15
    ),
    st.data(),
)
def test_no_sequence_of_answers_raises_or_overflows_and_every_dialogue_can_end(shape, inputs, typed, data):
    name, language = shape
    menu = MENUS[name]

    def any_answer(handler):
        return data.draw(st.sampled_from([*ANSWERS[handler], *ANYBODY]))

    step = answered(begin(menu, inputs, language), menu, any_answer)
    for answer in typed:
        assert fits(step.action.text)
        if isinstance(step.action, End):
            return
        step = answered(advance(menu, step.state, answer), menu, any_answer)
    assert fits(step.action.text)
    assert isinstance(step.action, End) or ends(menu, step)


def ends(menu, step):
    """Whether the user gets out: by turning the pages of an end, else from home by the exit."""
    for answer in ("9",) * 20 if menu.screens[step.state.screen].end else ("00", "7"):
        step = answered(advance(menu, step.state, answer), menu, usual)
        if isinstance(step.action, End):
            return True
    return False
