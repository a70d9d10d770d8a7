"""What functions get."""

import pytest

from ussd_gateway.applications.turn import Turn
from ussd_gateway.network.message import ANSWER, ASK, BEGIN, END, NOTIFY, Ussd

MESSAGE = Ussd(
    ANSWER,
    "1234",
    msisdn="70001000001",
    service_code="*500#",
    session="7",
    inputs=("1",),
    outcome="success",
    secrets=("1234",),
    data_coding=72,
)


def test_it_is_the_message_that_led_there_with_the_dialogue_around_it():
    variables = {}
    turn = Turn(MESSAGE, variables, "en")
    for name in Ussd.__slots__:
        assert getattr(turn, name) == getattr(MESSAGE, name), name
    turn.variables["sum"] = 100
    assert variables == {"sum": 100}
    assert turn.language == "en"
    assert Turn(MESSAGE, variables, "en", ("1", "1234")).inputs == ("1", "1234")


REPLIES = [(Turn.ask, ASK), (Turn.end, END), (Turn.notify, NOTIFY)]


@pytest.mark.parametrize(("reply", "operation"), REPLIES)
def test_its_replies_are_ordinary_messages(reply, operation):
    said = reply(Turn(MESSAGE, {}, "ru"), "Сумма?")
    assert type(said) is Ussd
    assert (said.operation, said.text, said.session) == (operation, "Сумма?", "7")
    assert (said.msisdn, said.service_code, said.secrets) == ("70001000001", "*500#", ())


def test_the_last_question_says_whether_its_answer_is_secret():
    turn = Turn(Ussd(BEGIN), {}, "ru")
    assert not turn.secret_answer
    turn.ask("PIN", secret=True)
    assert turn.secret_answer
    turn.ask("1 Да")
    assert not turn.secret_answer


def test_it_is_small():
    assert not hasattr(Turn(MESSAGE, {}, "ru"), "__dict__")
