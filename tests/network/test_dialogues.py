"""USSD dialogues: what the handset and the application see of each other, and how they end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.network.message import ANSWER, ASK, BEGIN, END, HANG_UP, NOTIFY, RELEASE, Operation, Ussd
from ussd_gateway.network.session import SessionError, TextTooLongError, Timeouts

ANNA = "70001000001"


def dial(operator, code, msisdn=ANNA):
    return operator.submit(Ussd(BEGIN, code, msisdn=msisdn))


def last(party):
    return party.got[-1]


@pytest.fixture
def anna(operator):
    return operator.handset(ANNA)


@pytest.fixture
def portal(operator):
    return operator.application("*111#")


def test_a_dialogue_from_the_dial_to_the_final_text(operator, anna, portal):
    dial(operator, "*111#")
    operator.submit(last(portal).ask("1 Баланс"))
    assert (last(anna).operation, last(anna).text) == (ASK, "1 Баланс")
    operator.submit(Ussd(ANSWER, "1", msisdn=ANNA))
    assert (last(portal).operation, last(portal).text, last(portal).session) == (ANSWER, "1", last(anna).session)
    operator.submit(last(portal).end("150.00 р."))
    assert (last(anna).operation, last(anna).text) == (END, "150.00 р.")
    assert operator.written.kinds == ["ussd.begin", "ussd.ask", "ussd.answer", "ussd.end"]
    assert len(operator.network.dialogues) == 0


def test_the_longest_attached_code_answers_and_gets_what_was_dialled_beyond_it(operator, anna, portal):
    password = operator.application("*111*25#")
    dial(operator, "*111*25#")
    assert (last(password).service_code, last(password).inputs) == ("*111*25#", ())
    operator.submit(last(password).end())
    dial(operator, "*111*828*1#")
    assert (last(portal).service_code, last(portal).inputs) == ("*111#", ("828", "1"))


def test_a_code_that_nobody_answers_has_no_route(operator, anna):
    dial(operator, "*777#")
    assert (last(anna).operation, last(anna).outcome) == (RELEASE, "no_route")
    assert last(anna).text


def test_a_second_dial_is_refused_as_busy_and_the_first_dialogue_goes_on(operator, anna, portal):
    first = dial(operator, "*111#")
    second = dial(operator, "*111#")
    assert (last(anna).outcome, last(anna).session) == ("busy", second.session)
    operator.submit(portal.got[0].ask("?"))
    assert last(anna).session == first.session


def test_a_second_dial_may_replace_the_first_dialogue(new_operator):
    operator = new_operator(second_dial="replace")
    anna, portal = operator.handset(ANNA), operator.application("*111#")
    dial(operator, "*111#")
    second = dial(operator, "*111#")
    assert [message.operation for message in portal.got] == [BEGIN, HANG_UP, BEGIN]
    assert (last(anna).operation, last(anna).outcome) == (RELEASE, "dialog_user_abort")
    operator.submit(last(portal).end("Готово."))
    assert last(anna).session == second.session


TIMEOUTS = {
    "the application is silent": ([], 10, "app_timeout"),
    "the user is silent": (["ask"], 30, "timeout"),
    "the application is silent after an answer": (["ask", "answer"], 10, "app_timeout"),
}


@pytest.mark.parametrize(("turns", "seconds", "outcome"), TIMEOUTS.values(), ids=TIMEOUTS)
def test_silence_ends_the_dialogue_for_both_sides(operator, anna, portal, turns, seconds, outcome):
    dial(operator, "*111#")
    for turn in turns:
        operator.submit(last(portal).ask("?") if turn == "ask" else Ussd(ANSWER, "1", msisdn=ANNA))
    operator.wait(seconds - 0.1)
    assert len(operator.network.dialogues) == 1
    operator.wait(0.1)
    assert last(anna).outcome == last(portal).outcome == outcome
    assert last(anna).text
    assert len(operator.network.dialogues) == 0


def test_the_application_has_its_own_time_however_long_the_user_had(operator, anna, portal):
    dial(operator, "*111#")
    operator.submit(last(portal).ask("?"))
    operator.wait(11)
    operator.submit(Ussd(ANSWER, "1", msisdn=ANNA))
    operator.wait(9.9)
    assert len(operator.network.dialogues) == 1
    operator.wait(0.1)
    assert last(anna).outcome == "app_timeout"


def test_a_lively_dialogue_does_not_fill_the_heap(operator, anna, portal):
    dial(operator, "*111#")
    for _ in range(500):
        operator.submit(last(portal).ask("?"))
        operator.wait(0.3)
        operator.submit(Ussd(ANSWER, "1", msisdn=ANNA))
    assert len(operator.network.dialogues.deadlines._heap) < 20


def test_a_dialogue_as_a_whole_has_its_time_however_lively_it_is(operator, anna, portal):
    dial(operator, "*111#")
    for _ in range(8):
        operator.submit(last(portal).ask("?"))
        operator.wait(20)
        operator.submit(Ussd(ANSWER, "1", msisdn=ANNA))
    operator.submit(last(portal).ask("?"))
    operator.wait(19.9)
    assert last(anna).operation is ASK
    operator.wait(0.1)
    assert last(anna).outcome == "dialog_timeout"


def test_time_outs_are_settings(new_operator):
    operator = new_operator(timeouts=Timeouts(application=1, user=2, session=3))
    anna = operator.handset(ANNA)
    operator.application("*111#")
    dial(operator, "*111#")
    operator.wait(1)
    assert last(anna).outcome == "app_timeout"


def test_the_user_hangs_up(operator, anna, portal):
    dial(operator, "*111#")
    operator.submit(last(portal).ask("?"))
    operator.submit(Ussd(HANG_UP, msisdn=ANNA))
    assert last(portal).operation is HANG_UP
    with pytest.raises(SessionError, match="has no open session to answer"):
        operator.submit(Ussd(ANSWER, "1", msisdn=ANNA))


@pytest.mark.parametrize(("reason", "outcome"), [("", "abort_app"), ("system_failure", "system_failure")])
def test_the_application_gives_up(operator, anna, portal, reason, outcome):
    dial(operator, "*111#")
    operator.submit(last(portal).abort(reason))
    assert (last(anna).operation, last(anna).outcome) == (RELEASE, outcome)


def test_a_late_answer_of_the_application_comes_too_late(operator, anna, portal):
    dial(operator, "*111#")
    operator.wait(11)
    with pytest.raises(SessionError, match="is not open: end comes too late"):
        operator.submit(portal.got[0].end("Поздно"))


def test_the_application_may_not_speak_out_of_turn(operator, anna, portal):
    dial(operator, "*111#")
    operator.submit(last(portal).ask("?"))
    with pytest.raises(SessionError, match="is awaiting_answer: end does not belong there"):
        operator.submit(portal.got[0].end())


def test_a_notice_within_a_dialogue_lets_it_go_on(operator, anna, portal):
    dial(operator, "*111#")
    operator.submit(last(portal).notify("Минуту..."))
    operator.submit(portal.got[0].ask("?"))
    assert [message.operation for message in anna.got] == [NOTIFY, ASK]


def test_a_handset_that_is_off_cannot_dial(operator, anna, portal):
    operator.network.detach(anna.party, 0)
    dial(operator, "*111#")
    assert last(anna).outcome == "absent_subscriber"
    assert portal.got == []


def test_switching_off_ends_the_dialogue(operator, anna, portal):
    dial(operator, "*111#")
    operator.submit(last(portal).ask("?"))
    operator.hand_over(operator.network.detach(anna.party, 0))
    assert last(portal).outcome == "absent_subscriber"


def test_a_number_that_nobody_configured_becomes_a_subscriber_by_dialling(operator, portal):
    dial(operator, "*111#", "79990000000")
    assert last(portal).msisdn == "79990000000"
    assert operator.directory.party("79990000000").home


def test_or_it_does_not_where_the_settings_say_so(new_operator):
    operator = new_operator(auto_provision=False)
    portal = operator.application("*111#")
    dial(operator, "*111#", "79990000000")
    assert portal.got == []
    assert last(operator.directory.party("79990000000").endpoint).outcome == "unknown_subscriber"


def test_a_pushed_question_is_answered_to_the_application_that_asked(operator, anna, portal):
    operator.push(Ussd(ASK, "Довольны?", msisdn=ANNA, service_code="*111#"), portal)
    assert (last(anna).operation, last(anna).service_code) == (ASK, "*111#")
    operator.submit(Ussd(ANSWER, "да", msisdn=ANNA))
    assert last(portal).text == "да"
    operator.submit(last(portal).end("Спасибо."))
    assert last(anna).text == "Спасибо."


def test_a_pushed_notice_is_shown_and_over(operator, anna, portal):
    operator.push(Ussd(NOTIFY, "Вы в роуминге.", msisdn=ANNA, service_code="*111#"), portal)
    assert last(anna).operation is NOTIFY
    assert last(portal).outcome == "success"
    assert len(operator.network.dialogues) == 0


def test_a_push_to_a_busy_absent_or_unknown_handset_is_refused(operator, anna, portal):
    notice = {"service_code": "*111#"}
    operator.push(Ussd(NOTIFY, "!", msisdn="79990000000", **notice), portal)
    assert last(portal).outcome == "unknown_subscriber"
    dial(operator, "*111#")
    operator.push(Ussd(NOTIFY, "!", msisdn=ANNA, **notice), portal)
    assert last(portal).outcome == "busy"
    operator.submit(Ussd(HANG_UP, msisdn=ANNA))
    operator.network.detach(anna.party, 0)
    operator.push(Ussd(NOTIFY, "!", msisdn=ANNA, **notice), portal)
    assert last(portal).outcome == "absent_subscriber"


def test_what_does_not_fit_160_octets_is_no_ussd_string(operator, anna, portal):
    dial(operator, "*111#")
    with pytest.raises(TextTooLongError, match="takes 162 octets, and a USSD string takes 160"):
        operator.submit(last(portal).ask("я" * 81))
    with pytest.raises(TextTooLongError):
        operator.push(Ussd(NOTIFY, "я" * 81, msisdn=ANNA, service_code="*111#"), portal)
    operator.submit(portal.got[0].ask("я" * 80))


def test_clearing_forgets_dialogues_and_lets_everybody_dial_again(operator, anna, portal):
    dial(operator, "*111#")
    operator.hand_over(operator.network.clear())
    assert (last(portal).operation, last(portal).outcome) == (RELEASE, "system_failure")
    assert operator.network.next_deadline() is None
    assert anna.got == []
    dial(operator, "*111#")
    assert len(portal.got) == 3


MOVES = st.lists(
    st.one_of(
        st.builds(lambda operation: Ussd(operation, "*111#", msisdn=ANNA), st.sampled_from([BEGIN, ANSWER, HANG_UP])),
        st.sampled_from([Operation.ASK, Operation.NOTIFY, Operation.END, Operation.ABORT]),
        st.floats(0, 40),
    ),
    max_size=30,
)


@given(MOVES)
def test_whatever_anybody_does_a_handset_has_one_session_at_most_and_every_dialogue_ends(new_operator, moves):
    operator = new_operator()
    anna, portal = operator.handset(ANNA), operator.application("*111#")
    for move in moves:
        try:
            if isinstance(move, float):
                operator.wait(move)
            elif isinstance(move, Ussd):
                operator.submit(move)
            elif portal.got:
                operator.submit(portal.got[-1]._reply(move, "?"))
        except SessionError:
            pass
        assert len(operator.network.dialogues) == (1 if anna.party.session else 0)
    operator.wait(181)
    assert len(operator.network.dialogues) == 0
    assert operator.network.next_deadline() is None


# What no record may show


class Safe:
    """An application that asks for a PIN; what its subscribers type is a secret, and 1 to 9 are their choices."""

    def __init__(self, operator):
        self.got, self.asked, self.recorded = [], [], operator.written

    def deliver(self, message):
        self.got.append(message)

    def secrets(self, message):
        self.asked.append((message.operation, message.session, message.service_code, message.msisdn))
        if "0000" in message.text:
            raise KeyError("0000")
        typed = message.inputs if message.operation is BEGIN else (message.text,)
        return tuple(text for text in typed if len(text) > 1)


@pytest.fixture
def safe(operator, anna):
    safe = Safe(operator)
    operator.directory.attach_code("*170#", safe)
    return safe


def recorded(operator):
    return [message.masked("****") for _, message, _ in operator.written]


def test_what_a_user_types_into_a_pin_screen_is_not_recorded(operator, safe):
    dial(operator, "*170*1*1234#")
    operator.submit(last(safe).ask("PIN"))
    operator.submit(Ussd(ANSWER, "1234", msisdn=ANNA))
    operator.submit(last(safe).ask("1 Да"))
    operator.submit(Ussd(ANSWER, "1", msisdn=ANNA))
    assert recorded(operator) == ["*170*1*****#", "PIN", "****", "1 Да", "1"]
    assert [message.text for message in safe.got] == ["*170*1*1234#", "1234", "1"]
    session = safe.got[0].session
    assert safe.asked == [
        (BEGIN, session, "*170#", ANNA),
        (ANSWER, session, "*170#", ANNA),
        (ANSWER, session, "*170#", ANNA),
    ]


def test_it_is_hidden_too_when_the_dial_is_refused(operator, safe):
    dial(operator, "*170#")
    dial(operator, "*170*1*1234#")
    assert (operator.written.kinds[-1], recorded(operator)[-2]) == ("ussd.release", "*170*1*****#")


def test_it_is_hidden_in_a_dialogue_that_the_network_began(operator, safe):
    operator.push(Ussd(ASK, "PIN", msisdn=ANNA, service_code="*170#"), safe)
    operator.submit(Ussd(ANSWER, "1234", msisdn=ANNA))
    assert recorded(operator) == ["PIN", "****"]


def test_an_application_is_not_asked_about_an_answer_that_nobody_wanted(operator, safe):
    dial(operator, "*170#")
    with pytest.raises(SessionError):
        operator.submit(Ussd(ANSWER, "1234", msisdn=ANNA))
    assert len(safe.asked) == 1


def test_all_is_hidden_when_the_application_cannot_say_what_is_secret(new_operator):
    failures = []
    operator = new_operator(failed=lambda application, error: failures.append((application, type(error))))
    operator.handset(ANNA)
    safe = Safe(operator)
    operator.directory.attach_code("*170#", safe)
    dial(operator, "*170*0000#")
    operator.submit(last(safe).ask("PIN"))
    operator.submit(Ussd(ANSWER, "it is 0000", msisdn=ANNA))
    assert recorded(operator) == ["****", "PIN", "****"]
    assert [message.text for message in safe.got] == ["*170*0000#", "it is 0000"]
    assert failures == [(safe, KeyError)] * 2


def test_a_code_that_is_detached_leaves_its_dialogues_as_they_are(operator, anna, portal):
    dial(operator, "*111#")
    operator.submit(last(portal).ask("1 Баланс"))
    operator.directory.detach_code("*111#", portal)
    operator.submit(Ussd(ANSWER, "1", msisdn=ANNA))
    operator.submit(last(portal).end("150.00 р."))
    assert last(anna).text == "150.00 р."
    dial(operator, "*111#")
    assert last(anna).outcome == "no_route"
