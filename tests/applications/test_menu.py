"""Whole dialogues through the application, as the network sees them: messages in, messages out."""

import asyncio

import pytest
from structlog.testing import capture_logs

from ussd_gateway.applications.imports import HandlerError
from ussd_gateway.applications.menu import MenuApplication, read_menu
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.mistakes import MenuError
from ussd_gateway.network.message import ABORT, ANSWER, ASK, BEGIN, END, HANG_UP, RELEASE, Sms, Ussd

MENU = parse(
    """
title = "Test"
codes = ["*111#", "#111#"]
code_languages = { "#111#" = "latin" }

[screens.main]
text = { ru = "Портал", en = "Portal" }
choices = [
    { key = "1", label = { ru = "Баланс", en = "Balance" }, to = "balance" },
    { key = "2", label = { ru = "Пароль", en = "Password" }, to = "password" },
]

[screens.balance]
handler = "balance"
text = { ru = "{{ balance | money }}", en = "{{ balance | money }}" }
end = true

[screens.password]
handler = "password"
on = { shown = "password_shown", balance = "balance" }
secrets = ["password"]

[screens.password_shown]
text = { ru = "Пароль: {{ password }}", en = "Password: {{ password }}" }
end = true
""",
    "test.toml",
)

FAILURE = "Сервис временно недоступен. Попробуйте позже."


async def balance(ussd):
    return {"balance": 15000}


async def password(ussd):
    return {"result": "shown", "password": "Ab1xyz"}


class Operator:
    """The network as far as a menu needs one; `replies` are what the application submitted."""

    def __init__(self, menu=MENU, language="ru", **handlers):
        self.replies, self.tasks = [], []
        self.application = MenuApplication(
            menu,
            handlers={"balance": balance, "password": password} | handlers,
            submit=self.replies.append,
            spawn=lambda coroutine: self.tasks.append(asyncio.create_task(coroutine)),
            language=lambda msisdn: language,
        )

    def deliver(self, operation, text="", session="1", **fields):
        fields = {"service_code": "*111#", "msisdn": "70001000001"} | fields
        self.application.deliver(Ussd(operation, text, session=session, **fields))

    async def handlers_done(self):
        await asyncio.gather(*self.tasks)

    @property
    def said(self):
        return [(reply.operation, reply.text) for reply in self.replies]


def test_a_screen_is_asked_at_once_without_a_task():
    operator = Operator()

    operator.deliver(BEGIN)

    assert operator.said == [(ASK, "Портал\n1 Баланс\n2 Пароль")]
    assert operator.tasks == []


def test_a_reply_goes_to_the_session_and_the_subscriber_that_asked():
    operator = Operator()

    operator.deliver(BEGIN, session="42")

    reply = operator.replies[0]
    assert (reply.session, reply.msisdn, reply.service_code) == ("42", "70001000001", "*111#")


async def test_a_choice_with_a_handler_is_answered_when_the_handler_has():
    operator = Operator()
    operator.deliver(BEGIN)
    operator.deliver(ANSWER, "1")
    assert len(operator.replies) == 1

    await operator.handlers_done()

    assert operator.said[1:] == [(END, "150.00 р.")]
    assert not operator.application.sessions


async def test_direct_dial_is_answered_in_one_turn():
    operator = Operator()

    operator.deliver(BEGIN, inputs=("1",))
    await operator.handlers_done()

    assert operator.said == [(END, "150.00 р.")]


async def test_handlers_that_lead_to_each_other_run_in_turn_in_one_task():
    async def leads_on(ussd):
        return "balance"

    operator = Operator(password=leads_on)
    operator.deliver(BEGIN, inputs=("2",))
    await operator.handlers_done()

    assert operator.said == [(END, "150.00 р.")]
    assert len(operator.tasks) == 1


async def test_a_handler_gets_the_message_that_led_to_it():
    seen = []

    async def remembers(ussd):
        seen.append(ussd)
        return {"balance": 0}

    operator = Operator(balance=remembers)
    operator.deliver(BEGIN)
    operator.deliver(ANSWER, " 1 ")
    await operator.handlers_done()

    assert [(ussd.operation, ussd.text, ussd.msisdn) for ussd in seen] == [(ANSWER, " 1 ", "70001000001")]


def test_the_language_is_the_subscribers_unless_the_code_fixes_one():
    operator = Operator(language="en")

    operator.deliver(BEGIN)
    operator.deliver(BEGIN, service_code="#111#", session="2")

    assert [text.split()[0] for _, text in operator.said] == ["Portal", "Portal"]
    assert [text.split()[2] for _, text in operator.said] == ["Balance", "Balans"]


def test_sessions_do_not_know_of_each_other():
    operator = Operator()
    operator.deliver(BEGIN, session="1")
    operator.deliver(BEGIN, session="2")
    operator.deliver(HANG_UP, session="1")

    assert list(operator.application.sessions) == ["2"]


@pytest.mark.parametrize("operation", [HANG_UP, RELEASE])
def test_a_dialogue_that_is_over_is_forgotten_without_an_answer(operation):
    operator = Operator()
    operator.deliver(BEGIN)

    operator.deliver(operation)
    operator.deliver(operation)

    assert not operator.application.sessions
    assert len(operator.replies) == 1


def test_an_answer_in_an_unknown_session_is_aborted():
    operator = Operator()

    operator.deliver(ANSWER, "1", session="99")

    assert [(reply.operation, reply.session) for reply in operator.replies] == [(ABORT, "99")]


def test_what_is_not_ussd_is_let_go():
    operator = Operator()

    operator.application.deliver(Sms("70001000001", "111", b"828"))

    assert operator.replies == []


class Slow:
    """A handler that answers when the test says so."""

    def __init__(self):
        self.may_answer = asyncio.Event()

    async def __call__(self, ussd):
        await self.may_answer.wait()
        return {"balance": 100}


async def test_a_handler_that_answers_after_the_dialogue_is_over_is_not_heard():
    operator = Operator(balance=(slow := Slow()))
    operator.deliver(BEGIN, inputs=("1",))
    operator.deliver(RELEASE)

    slow.may_answer.set()
    await operator.handlers_done()

    assert operator.replies == []
    assert not operator.application.sessions


async def test_a_handler_of_an_earlier_dialogue_does_not_speak_in_a_new_one_of_the_same_id():
    operator = Operator(balance=(slow := Slow()))
    operator.deliver(BEGIN, inputs=("1",))
    operator.deliver(BEGIN)

    slow.may_answer.set()
    await operator.handlers_done()

    assert [operation for operation, _ in operator.said] == [ASK]
    operator.deliver(ANSWER, "x")
    assert operator.said[-1][1].startswith("Нет такого пункта.")


async def test_an_answer_while_a_handler_runs_is_not_heard():
    operator = Operator(balance=(slow := Slow()))
    operator.deliver(BEGIN, inputs=("1",))

    operator.deliver(ANSWER, "2")
    slow.may_answer.set()
    await operator.handlers_done()

    assert operator.said == [(END, "1.00 р.")]


async def test_a_handler_that_raises_ends_the_dialogue_and_is_logged_without_its_words():
    async def fails(ussd):
        raise ValueError("password Ab1xyz")

    operator = Operator(password=fails)
    with capture_logs() as logs:
        operator.deliver(BEGIN, inputs=("2",))
        await operator.handlers_done()

    assert operator.said == [(END, FAILURE)]
    assert not operator.application.sessions
    (entry,) = logs
    assert (entry["event"], entry["menu"], entry["screen"]) == ("menu.failed", "test.toml", "password")
    assert entry["error"].startswith("the handler raised ValueError at test_menu.py:")
    assert "Ab1xyz" not in str(entry)


async def test_a_result_that_the_screen_does_not_know_is_a_failure_and_logged():
    async def answers_a_number(ussd):
        return 5

    operator = Operator(balance=answers_a_number)
    with capture_logs() as logs:
        operator.deliver(BEGIN, inputs=("1",))
        await operator.handlers_done()

    assert operator.said == [(END, FAILURE)]
    assert [entry["error"] for entry in logs] == ["the handler answered int; a word or variables are wanted"]


async def test_a_secret_travels_with_its_message_so_that_the_journal_can_mask_it():
    operator = Operator()

    operator.deliver(BEGIN, inputs=("2",))
    await operator.handlers_done()

    assert operator.said == [(END, "Пароль: Ab1xyz")]
    assert operator.replies[0].secrets == ("Ab1xyz",)


# handlers by name


def test_a_menu_with_a_handler_that_cannot_be_had_does_not_start():
    with pytest.raises(HandlerError):
        MenuApplication(MENU, handlers={}, submit=print, spawn=print, language=str)


def test_a_menu_file_is_read_under_its_own_name(tmp_path):
    file = tmp_path / "short.toml"
    file.write_text('title = "x"\n', encoding="utf-8")

    with pytest.raises(MenuError, match=r"short\.toml:1: codes: is missing"):
        read_menu(file)
