"""Repeats of a deliver_sm, told from new messages."""

import pytest

from ussd_gateway.selfcare.incoming import DOUBT, REFERENCE, REPEATED, Incoming, Repeats

WORD = Incoming("70001000001", "3339", "ПАРОЛЬ", "key")
OTHER = Incoming("70001000002", "3339", "ПАРОЛЬ", "key")


@pytest.fixture
def repeats():
    repeats = Repeats()
    repeats.bound(0.0)
    return repeats


def test_r176_the_same_sequence_number_within_a_bind_is_the_same_message(repeats):
    assert not repeats.is_repeat(WORD, 1, None, 1.0)
    assert repeats.is_repeat(WORD, 1, None, 500.0)


def test_the_same_words_again_are_another_message(repeats):
    assert not repeats.is_repeat(WORD, 1, None, 1.0)
    assert not repeats.is_repeat(WORD, 2, None, 1.0)


def test_r177_what_comes_again_after_a_lost_bind_is_the_same_message_once(repeats):
    repeats.is_repeat(WORD, 1, None, 1.0)
    repeats.lost(1.5)
    repeats.bound(1.6)

    assert repeats.is_repeat(WORD, 1, None, 1.7)
    assert not repeats.is_repeat(WORD, 2, None, 1.8)


def test_two_that_come_again_are_both_known_and_somebody_else_is_not(repeats):
    repeats.is_repeat(WORD, 1, None, 1.0)
    repeats.is_repeat(WORD, 2, None, 1.0)
    repeats.lost(1.5)
    repeats.bound(1.6)

    assert not repeats.is_repeat(OTHER, 1, None, 1.7)
    assert repeats.is_repeat(WORD, 2, None, 1.7)
    assert repeats.is_repeat(WORD, 3, None, 1.7)


def test_what_came_long_before_the_loss_was_answered(repeats):
    repeats.is_repeat(WORD, 1, None, 1.0)
    repeats.lost(1.1 + DOUBT)
    repeats.bound(1.2 + DOUBT)

    assert not repeats.is_repeat(WORD, 1, None, 1.3 + DOUBT)


def test_what_comes_long_after_the_next_bind_is_new(repeats):
    repeats.is_repeat(WORD, 1, None, 1.0)
    repeats.lost(1.5)
    repeats.bound(1.6)

    assert not repeats.is_repeat(WORD, 1, None, 1.7 + REPEATED)


def test_a_bind_that_fails_in_between_changes_nothing(repeats):
    repeats.is_repeat(WORD, 1, None, 1.0)
    repeats.lost(1.5)
    repeats.lost(1.6)
    repeats.bound(1.7)

    assert repeats.is_repeat(WORD, 1, None, 1.8)


def test_r176_the_same_message_reference_is_the_same_message(repeats):
    assert not repeats.is_repeat(WORD, 1, 77, 1.0)
    assert repeats.is_repeat(WORD, 2, 77, 2.0)
    assert not repeats.is_repeat(WORD, 3, 78, 2.0)
    assert not repeats.is_repeat(OTHER, 4, 77, 2.0)


def test_a_phone_uses_its_references_again_after_a_while(repeats):
    repeats.is_repeat(WORD, 1, 77, 1.0)

    assert not repeats.is_repeat(WORD, 2, 77, 1.1 + REFERENCE)


def test_the_text_shows_in_no_representation():
    assert "ПАРОЛЬ" not in repr(WORD)
