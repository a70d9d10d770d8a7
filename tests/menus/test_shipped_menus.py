"""The menus that come with the gateway: every screen, every handler's answer, every language."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.coding.gsm7 import is_encodable
from ussd_gateway.coding.pages import fits
from ussd_gateway.menu.advance import Call, End, Show, advance, begin, resume
from ussd_gateway.menu.load import examine_all, parse

FOLDER = Path(__file__).parents[2] / "menus"

# What each handler may answer, the usual answer first.
ANSWERS = {
    "selfcare.balance": [{"balance": 15000}, {"balance": -123456789}],
    "selfcare.tariff": [
        {"tariff": "Супер 0", "services": []},
        {"tariff": "Тариф " * 30, "services": ["Управление номерами", "Вам звонили"]},
    ],
    "selfcare.services": [
        {"services": ["Управление номерами", "Вам звонили"]},
        {"services": []},
        {"services": ["Услуга"] * 40},
    ],
    "selfcare.cabinet_password": [
        "sent",
        "asks",
        "tells",
        "too_often",
        "held",
        {"result": "shown", "password": "aB3dE5gH"},
    ],
    "selfcare.own_password": ["set", "not_allowed", "too_often", "held"],
    "selfcare.call_me_back": ["sent", "own", "too_often"],
    "selfcare.top_up_request": ["sent", "own", "too_often"],
    "selfcare.numbers_connect": ["connected", "already_connected"],
    "selfcare.numbers_disconnect": ["disconnected", "not_connected"],
    "selfcare.numbers_state": [{"result": "on"}, {"result": "off"}],
    "selfcare.language_russian": ["done"],
    "selfcare.language_latin": ["done"],
    "selfcare.package": [
        {"minutes": 550, "sms": 1, "megabytes": 5120, "bonus_minutes": 21},
        {"minutes": 0, "sms": 0, "megabytes": 0, "bonus_minutes": 0},
    ],
    "selfcare.promise_offers": [
        {"result": "offers", "offers": [{"sum": 5000, "fee": 700}, {"sum": 80000, "fee": 5000}], "days": 3},
        "open",
    ],
    "selfcare.promise": [
        {"result": "done", "kopecks": 80000, "fee": 5000, "due": 1525099800.0, "until": "30.04.2018 17:50"},
        "open",
        "out_of_bounds",
    ],
    "selfcare.promise_state": [{"result": "open", "sum": 80000, "fee": 5000, "until": "30.04.2018 17:50"}, "none"],
    "selfcare.traffic": [{"megabytes": 5120, "notices": False}, {"megabytes": 0, "notices": True}],
    "selfcare.traffic_notices_on": ["done"],
    "selfcare.traffic_notices_off": ["done"],
    "selfcare.transfer": [
        {"result": "number", "other": "70002000001", "least": 100, "most": 30000},
        {"result": "done", "kopecks": 30000, "other": "70002000001", "fee": 700},
        *("not_a_number", "void", "wrong", "own", "not_possible", "out_of_bounds", "too_much", "poor"),
    ],
    "selfcare.transfer_prepare": [
        {
            "result": "sent",
            "confirmation": "01234",
            "kopecks": 30000,
            "other": "70002000001",
            "fee": 700,
            "minutes": 5,
        },
        *("own", "not_possible", "out_of_bounds", "too_much", "poor"),
    ],
    "selfcare.other_balance": [
        {"result": "shown", "balance": -123456789},
        *("asked", "nobody", "waiting", "own", "too_often"),
    ],
    "selfcare.allow_balance": ["allowed", "not_asked"],
    "selfcare.paid_services": [
        {
            "result": "some",
            "number": 2,
            "services": [{"name": "Смарт", "fee": 45000}, {"name": "100 SMS", "fee": 6000}],
        },
        "none",
    ],
}
ANYBODY = ["refused", "unavailable"]  # a blocked SIM, a service that is down

MENUS = {
    str(path.relative_to(FOLDER)): parse(path.read_text("utf-8"), path.name, handlers=ANSWERS)
    for path in sorted(FOLDER.rglob("*.toml"))
}
OPERATOR = {name: menu for name, menu in MENUS.items() if "/" not in name}
PORTAL = MENUS["portal.toml"]


def answered(step, menu, answers):
    while isinstance(step.action, Call):
        step = resume(menu, step.state, answers(step.action.handler))
    return step


def usual(handler):
    return ANSWERS[handler][0]


def dialled(menu, inputs=(), language="", code="", **figures):
    code = code or menu.codes[0]
    known = {"msisdn": "70001000001", "code": code, "dialled": code, "today": date(2018, 4, 27)} | figures
    return begin(menu, inputs, menu.code_languages.get(code, language), variables=known)


def step_of(name, *inputs, language="ru", code="", **answers):
    menu = MENUS[name]
    named = {f"selfcare.{handler}": answer for handler, answer in answers.items()}
    step = dialled(menu, inputs, language, code)
    return answered(step, menu, lambda handler: named.get(handler, usual(handler)))


def dial(name, *inputs, **given):
    return step_of(name, *inputs, **given).action


def texts(name, *inputs, **given):
    """The SMS that leave."""
    return [tuple(effect) for effect in step_of(name, *inputs, **given).effects]


def test_the_menus_are_those_of_the_codes_that_an_operator_has():
    assert {code: name for name, menu in OPERATOR.items() for code in menu.codes} == {
        "*100#": "balance.toml",
        "#100#": "balance.toml",
        "*110#": "call_me_back.toml",
        "*111#": "portal.toml",
        "*111*0887#": "own_number.toml",
        "*111*25#": "password.toml",
        "*111*59#": "tariff.toml",
        "*116#": "top_up_request.toml",
        "*100*1#": "package.toml",
        "*100*2#": "package.toml",
        "*111*123#": "promised_payment.toml",
        "*111*1230#": "promised_payment_state.toml",
        "*111*217#": "traffic.toml",
        "*111*218#": "traffic.toml",
        "*111*219#": "traffic.toml",
        "*112#": "transfer.toml",
        "*140#": "other_balance.toml",
        "*152*2#": "paid_services.toml",
        "*122#": "help.toml",
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
    (("0887",), {}, "Ваш номер: +7 000 100-00-01"),
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


def test_the_own_number_is_told_in_the_window():
    assert dial("own_number.toml") == End("Ваш номер: +7 000 100-00-01")


def test_the_tariff_stands_in_the_window_and_its_services_in_an_sms():
    assert dial("tariff.toml") == End("Ваш тариф: Супер 0. Подробности в SMS.")
    assert texts("tariff.toml") == [("111", "70001000001", "Тариф Супер 0. Подключённых услуг нет.")]


def test_call_me_back_reaches_the_other_side():
    assert dial("call_me_back.toml", "89002000001") == End("Запрос отправлен абоненту +7 900 200-00-01.")
    assert texts("call_me_back.toml", "+7 900 200-00-01") == [
        ("111", "79002000001", "Абонент +7 000 100-00-01 просит Вас перезвонить.")
    ]
    assert dial("call_me_back.toml", "79002000001", call_me_back="too_often") == End(
        "Сегодня Вы отправили уже 5 запросов."
    )
    assert texts("call_me_back.toml", "79002000001", call_me_back="too_often") == []
    assert dial("call_me_back.toml", "12").text.startswith("Это не номер телефона.")


def test_a_top_up_is_asked_for_by_number_and_sum():
    assert dial("top_up_request.toml", "79002000001").text.startswith("Сумма в рублях, от 1 до 15000:")
    assert texts("top_up_request.toml", "79002000001", "300") == [
        ("111", "79002000001", "Абонент +7 000 100-00-01 просит пополнить его счёт на 300.00 р.")
    ]
    assert dial("top_up_request.toml", "79002000001", "0").text.startswith("Сумма от 1 до 15000 р.")


def test_the_rest_of_a_package_and_of_its_bonus_minutes():
    assert dial("package.toml", code="*100*1#") == End("Остаток: 550 мин, 1 SMS, 5120 МБ.")
    assert dial("package.toml", code="*100*2#") == End("Остаток: 21 бонусная минута.")


def test_a_promised_payment_is_chosen_and_confirmed_with_its_price():
    assert dial("promised_payment.toml") == Show("Обещанный платёж\n1 50.00 р.\n2 800.00 р.")
    assert dial("promised_payment.toml", "2") == Show("800.00 р. на 3 дня\nЦена: 50.00 р.\n1 Да\n2 Нет\n0 Назад")
    assert dial("promised_payment.toml", "2", "1") == End("Обещанный платёж зачислен. Подробности в SMS.")
    assert texts("promised_payment.toml", "2", "1") == [
        ("111", "70001000001", "Обещанный платёж 800.00 р. до 30.04.2018 17:50. Плата при погашении 50.00 р.")
    ]


def test_traffic_is_told_by_sms():
    assert [sms[2] for sms in texts("traffic.toml", code="*111*217#")] == [
        "Остаток: 5120 МБ. Уведомления: откл., вкл. *111*218#"
    ]
    assert dial("traffic.toml", code="*111*218#") == End("Уведомления о трафике подключены.")
    assert dial("traffic.toml", code="*111*219#") == End("Уведомления о трафике отключены.")


def test_a_transfer_is_asked_for_and_then_made_by_its_code():
    assert dial("transfer.toml", "89002000001").text.startswith("Сумма, от 1.00 р. до 300.00 р.:")
    assert [sms[2] for sms in texts("transfer.toml", "89002000001", "300")] == [
        "Перевод 300.00 р. на +7 000 200-00-01, плата 7.00 р. Подтвердить за 5 мин: *112*01234#"
    ]
    done = {"result": "done", "kopecks": 30000, "other": "70002000001", "fee": 700}
    assert (
        dial("transfer.toml", "01234", transfer=done).text == "Переведено 300.00 р. на +7 000 200-00-01, плата 7.00 р."
    )


def test_a_question_about_a_balance_sounds_the_same_where_there_is_nobody():
    assert dial("other_balance.toml", "70002000001", other_balance="asked") == dial(
        "other_balance.toml", "70002000001", other_balance="nobody"
    )


# What is dialled at other operators, and what the window says.
ABROAD = [
    ("beeline", "*102#", (), "Баланс 184.50 р."),
    ("beeline", "*110#", ("10",), "Заявка принята. Ожидайте SMS."),
    ("beeline", "*111#", ("2",), "Осталось: 121 минута, 7 гигабайт."),
    ("beeline", "*111#", ("3", "3"), "Это Ваш тариф."),
    ("beeline", "*111#", ("3", "1", "1"), "Тариф «Первые гиги» будет подключён."),
    ("megafon", "*105#", ("00",), "Пароль отправлен Вам в SMS."),
    ("megafon", "*205#", ("00",), "Parol' otpravlen Vam v SMS."),
    ("megafon", "*105#", ("2", "2", "1"), "Недостаточно средств."),
    ("megafon", "*105#", ("3", "01.05.2018"), "Роуминг будет включён 01.05.2018."),
    ("safaricom", "*100#", (), "Airtime KES 12.75"),
    ("safaricom", "*334#", ("1", "7", "1234"), "Your M-PESA balance is KES 1525.00."),
    ("safaricom", "*334#", ("2", "7", "1234"), "Salio lako la M-PESA ni KES 1525.00."),
    ("safaricom", "*334#", ("1", "1", "0700000003", "100", "1234", "1"), "Accepted. Please wait for an SMS."),
    ("safaricom", "*131#", ("2", "1"), "Accepted. Please wait for an SMS."),
    ("mtn_ghana", "*124#", (), "Your airtime is GHS 3.20."),
    (
        "mtn_ghana",
        "*170#",
        ("1", "1", "0240000001", "0240000001", "50", "rent", "1", "1234"),
        "Your transaction is being processed.",
    ),
    ("mtn_ghana", "*170#", ("1", "1", "0240000001", "0240000002"), "The numbers differ. Nothing was sent."),
    ("mtn_ghana", "*170#", ("6", "1", "12345"), "Your balance is GHS 481.50."),
]


@pytest.mark.parametrize(("name", "code", "inputs", "text"), ABROAD)
def test_direct_dial_at_other_operators(name, code, inputs, text):
    assert dial(f"examples/{name}.toml", *inputs, code=code, language="") == End(text)


def test_safaricom_asks_for_the_language_first_and_turns_pages_by_98():
    first = dial("examples/safaricom.toml", language="")
    assert first.text == "Select language\n1 English\n2 Kiswahili"

    assert dial("examples/safaricom.toml", "1", language="").text.endswith("\n98 More\n0 Back")


def test_money_that_is_sent_shows_on_the_other_phone():
    sent = texts("examples/safaricom.toml", "1", "1", "0700000003", "100", "1234", "1", language="")

    assert [effect[:2] for effect in sent] == [("MPESA", "70001000001"), ("254700000003", "received")]


ANY = (
    "?",
    "1",
    "2",
    "8 900 200-00-01",
    "0700000003",
    "0240000001",
    "50",
    "1234",
    "123456",
    "1234567890",
    "01.05.2018",
    "x" * 200,
    "\N{GRINNING FACE}",
)


PHONE = {"msisdn": "70001000001", "code": "*140#", "dialled": "", "today": date(2018, 4, 27)}
ASKED = {"*140#": {"asker": "70002000001"}}  # what a dialogue knows that the network begins, by the menu's code


def pushed(menu):
    """The screens on which the network begins a dialogue with somebody else."""
    return {screen.push.screen for screen in menu.screens.values() if screen.push}


FIGURES = ({}, {"balance": 0, "debt": 100}, {"balance": 10**9})  # of subscribers, on top of those in the file


def reached(menu, language):
    """Every step that answers and handlers can lead to."""
    return [step for figures in FIGURES for step in reached_with(menu, language, figures)]


def reached_with(menu, language, figures):
    """The same for a subscriber with these figures, each step once by what tells it apart."""
    keys = {choice.key for screen in menu.screens.values() for choice in screen.choices}
    typed = (*dict.fromkeys((*keys, *menu.navigation.keys, *ANY)),)
    steps, waiting = {}, [dialled(menu, (), language, code, **figures) for code in menu.codes]
    known = ASKED.get(menu.codes[0], {})
    waiting += [begin(menu, language=language, variables=PHONE | known, screen=name) for name in pushed(menu) if known]
    while waiting:
        state, action, _ = step = waiting.pop()
        # What can be gone back to does not matter beyond that there is something
        key = (
            state.screen,
            state.language,
            state.page,
            min(len(state.history), 2),
            action,
            state.tries.get(state.screen),
        )
        if key in steps:
            continue
        steps[key] = step
        if isinstance(action, Call):
            waiting += [resume(menu, state, answer) for answer in (*ANSWERS[action.handler], *ANYBODY)]
        elif isinstance(action, Show):
            waiting += [advance(menu, state, answer) for answer in typed]
    return list(steps.values())


SHAPES = [(name, language) for name, menu in MENUS.items() for language in menu.spoken]


@pytest.mark.parametrize(("name", "language"), SHAPES)
def test_every_screen_is_reached_fits_and_never_fails(name, language):
    menu = MENUS[name]
    steps = reached(menu, language)
    said = [step.action for step in steps if not isinstance(step.action, Call)]
    unheard = set() if menu.codes[0] in ASKED else pushed(menu)
    silent = {name for name, screen in menu.screens.items() if not screen.texts and not screen.handler}

    assert {step.state.screen for step in steps} == set(menu.screens) - unheard - silent
    assert all(fits(action.text, menu.limits.shown) for action in said)
    assert not [action.error for action in said if isinstance(action, End) and action.error]


@pytest.mark.parametrize("name", [name for name, menu in MENUS.items() if "latin" in menu.spoken])
def test_every_latin_screen_is_gsm_7_bit(name):
    menu = MENUS[name]
    latin = [
        step.action.text
        for step in reached(menu, "latin")
        if not isinstance(step.action, Call) and step.state.language == "latin"
    ]

    assert [text for text in latin if not is_encodable(text)] == []


@pytest.mark.parametrize("name", OPERATOR)
def test_every_text_of_a_final_screen_takes_at_most_eighty_characters(name):
    sources = [screen.texts["ru"] for screen in MENUS[name].screens.values() if screen.end]

    assert [text.source for text in sources if text.template is None and len(text.source) > 80] == []


@given(
    st.sampled_from(SHAPES),
    st.lists(st.sampled_from(["828", "6", "9", "", *ANY]), max_size=6),
    st.lists(
        st.sampled_from(["0", "00", "9", "98", "3", "4", "5", "6", " 5 ", "828", "*", *ANY]) | st.text(), max_size=15
    ),
    st.data(),
)
def test_no_sequence_of_answers_raises_or_overflows_and_every_dialogue_can_end(shape, inputs, typed, data):
    name, language = shape
    menu = MENUS[name]

    def any_answer(handler):
        return data.draw(st.sampled_from([*ANSWERS[handler], *ANYBODY]))

    step = answered(dialled(menu, inputs, language, data.draw(st.sampled_from(menu.codes))), menu, any_answer)
    for answer in typed:
        assert fits(step.action.text, menu.limits.shown)
        if isinstance(step.action, End):
            return
        step = answered(advance(menu, step.state, answer), menu, any_answer)
    assert fits(step.action.text, menu.limits.shown)
    assert isinstance(step.action, End) or ends(menu, step)


def ends(menu, step):
    """Whether the user gets out: some answers lead to an end, whatever he has done."""
    seen, waiting = set(), [step]
    while waiting:
        state, action, _ = waiting.pop(0)
        if isinstance(action, End):
            return True
        key = (state.screen, state.page, action)
        if key not in seen:
            seen.add(key)
            keys = [choice.key for choice in menu.screens[state.screen].choices]
            waiting += [
                answered(advance(menu, state, answer), menu, usual) for answer in (*keys, *menu.navigation.keys, *ANY)
            ]
    return False


def test_the_examples_of_other_operators_go_together():
    texts = {path.name: path.read_text(encoding="utf-8") for path in (FOLDER / "examples").glob("*.toml")}

    assert [mistake for examined in examine_all(texts).values() for mistake in examined.mistakes] == []
