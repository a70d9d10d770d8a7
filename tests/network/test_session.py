"""The session table itself."""

import pytest

from ussd_gateway.coding.pages import fits
from ussd_gateway.network.message import Operation
from ussd_gateway.network.session import (
    AWAITING_ANSWER,
    AWAITING_APPLICATION,
    CDR_RESULTS,
    ENDED,
    NEW,
    TEXTS,
    TRANSITIONS,
    Outcome,
    Session,
    SessionError,
    State,
    Timeouts,
    text_of,
)


def test_what_has_no_row_is_a_session_error():
    for state in State:
        for operation in Operation:
            session = Session("1", "70001000001", "*111#", None, 0.0)
            session.state = state
            if (state, operation) in TRANSITIONS:
                session.step(operation, 0.0, Timeouts())
                assert session.state is TRANSITIONS[state, operation]
            else:
                with pytest.raises(SessionError, match=f"session 1 is {state}: {operation} does not belong there"):
                    session.step(operation, 0.0, Timeouts())


def test_nothing_leads_out_of_the_end_and_each_side_can_end_every_open_dialogue():
    assert not [state for state, _ in TRANSITIONS if state is ENDED]
    ends = {(state, operation) for (state, operation), after in TRANSITIONS.items() if after is ENDED}
    assert ends == {
        (NEW, Operation.NOTIFY),
        (AWAITING_APPLICATION, Operation.END),
        (AWAITING_APPLICATION, Operation.ABORT),
        (AWAITING_APPLICATION, Operation.HANG_UP),
        (AWAITING_ANSWER, Operation.ABORT),
        (AWAITING_ANSWER, Operation.HANG_UP),
    }


def test_every_outcome_has_its_name_in_a_cdr_and_a_text_that_fits_a_screen():
    assert set(CDR_RESULTS) == set(Outcome)
    assert all(len(text) <= 80 and fits(text) for both in TEXTS.values() for text in both)
    assert set(Outcome) - set(TEXTS) == {Outcome.SUCCESS, Outcome.DIALOG_USER_ABORT}


def test_a_text_is_in_the_language_of_the_sim():
    assert text_of(Outcome.NO_ROUTE, "ru") == "Неверная команда. Проверьте номер запроса."
    assert text_of(Outcome.NO_ROUTE, "en") == "Unknown code. Check what you dialled."
    assert text_of(Outcome.NO_ROUTE, "latin").isascii()
    assert text_of(Outcome.SUCCESS, "en") == ""


def test_the_deadline_is_the_soonest_of_the_turn_and_the_dialogue():
    session = Session("1", "7", "*111#", None, 0.0)
    session.step(Operation.BEGIN, 0.0, Timeouts())
    assert session.deadline == 10.0
    session.step(Operation.ASK, 5.0, Timeouts())
    assert session.deadline == 35.0
    session.step(Operation.ANSWER, 175.0, Timeouts())
    assert (session.deadline, session.overdue(Timeouts())) == (180.0, Outcome.DIALOG_TIMEOUT)
