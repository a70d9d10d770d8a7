import pytest

from ussd_gateway.load.figures import MILLISECOND, SECOND, Tally, Used, figures
from ussd_gateway.load.receipts import Receipts

START = 5 * SECOND


@pytest.fixture
def tally():
    tally = Tally(START, Used(1.0, 10.0, 50.0), sent=1000, answered=1000, accepted=990)
    tally.last_answer = START + 2 * SECOND
    tally.statuses["ESME_RTHROTTLED"] = 10
    tally.durations.record(4 * MILLISECOND, 1000)
    return tally


def made(tally):
    return figures(tally, START + 4 * SECOND, Used(2.0, 12.0, 60.0))


def test_speed_is_what_was_answered_until_the_last_answer(tally):
    assert made(tally)["msg_per_s"] == 500
    assert made(tally)["p99_ms"] == 4


def test_cpu_is_what_was_used_in_the_run(tally):
    made_of = made(tally)
    assert made_of["own_cpu_percent"] == 25
    assert made_of["own_cpu_us_per_msg"] == 1000
    assert made_of["server_cpu_percent"] == 50
    assert made_of["server_cpu_s_per_100k"] == 200
    assert made_of["server_rss_mib"] == 60


def test_the_warm_up_leaves_speed_durations_and_cpu_but_loses_no_count(tally):
    tally.measure_from(START + SECOND, Used(1.5, 11.0))
    tally.answered = 100
    assert made(tally)["msg_per_s"] == 100
    assert made(tally)["p50_ms"] is None
    assert made(tally)["own_cpu_us_per_msg"] == 5000
    assert (made(tally)["sent"], made(tally)["errors"]) == (1000, 10)


def test_receipts_have_figures_of_their_own_when_they_were_asked_for(tally):
    assert "lost" not in made(tally)
    tally.receipts = Receipts()
    for message_id in (b"1", b"2", b"3", b"4"):
        tally.receipts.accepted(message_id, START)
    for message_id in (b"1", b"2", b"2", b"3"):
        tally.receipts.receipt(message_id, START + SECOND)
    tally.last_receipt = START + 3 * SECOND
    told = made(tally)
    assert (told["receipts"], told["receipt_per_s"], told["lost"], told["doubled"]) == (3, 1, 1, 1)
    assert told["receipt_p50_ms"] == pytest.approx(1000, rel=0.01)


def test_a_run_without_an_answer_has_no_figures_of_speed(tally):
    tally.answered = 0
    assert made(tally)["msg_per_s"] is None
    assert made(tally)["own_cpu_us_per_msg"] is None
