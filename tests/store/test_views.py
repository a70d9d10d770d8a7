"""Messages and sessions as somebody looks them up."""

import pytest

from ussd_gateway.network.message import ANSWER, ASK, BEGIN, END, HANG_UP, RELEASE, MessageState, Sms, Ussd
from ussd_gateway.store.journal import Journal
from ussd_gateway.store.views import SLICE, Views


@pytest.fixture
def journal(store):
    return Journal(store)


@pytest.fixture
def views(store, journal):
    class Fresh(Views):
        """Brings itself up to date before each look."""

        def catch_up(self, query="words"):
            journal.commit()
            return sum(super().catch_up(query))

    return Fresh(store)


def sms(message_id, text, source="shop", destination="70001000001"):
    return Sms(source, destination, text.encode("utf-16-be"), 8, message_id=message_id)


def test_a_message_has_its_text_and_every_state_with_its_time(journal, views):
    journal.sms(sms("1", "Привет, мир"), MessageState.ENROUTE, 1.0)
    journal.state(sms("1", ""), MessageState.DELIVERED, 7.0)
    views.catch_up()
    message = views.message("1")
    assert (message["from"], message["to"], message["text"]) == ("shop", "70001000001", "Привет, мир")
    assert message["state"] == "DELIVERED"
    assert message["states"] == [{"state": "ENROUTE", "at": 1.0}, {"state": "DELIVERED", "at": 7.0}]
    assert views.message("2") is None


SEARCHES = {
    "": ["3", "2", "1"],
    "привет": ["3", "1"],  # whatever the case
    "прив": ["3", "1"],  # the beginning of a word
    "привет мир": ["1"],
    "from:bank": ["2"],
    "to:+70001000002": ["3"],
    "state:delivered from:shop": ["1"],
    "text:мир": ["1"],
    'quotes" OR "x': [],
}


@pytest.mark.parametrize(("query", "found"), SEARCHES.items())
def test_messages_are_found_by_words_and_terms_the_newest_first(journal, views, query, found):
    journal.sms(sms("1", "Привет, мир"), MessageState.DELIVERED, 1.0)
    journal.sms(sms("2", "Счёт", source="bank"), MessageState.DELIVERED, 1.0)
    journal.sms(sms("3", "ПРИВЕТ", destination="70001000002"), MessageState.ENROUTE, 1.0)
    views.catch_up()
    assert [str(message["number"]) for message in views.messages(query)] == found


def test_an_unknown_state_is_told_with_the_known_ones(views):
    with pytest.raises(ValueError, match="state:lost is no state of a message; known: enroute, delivered"):
        views.messages("state:lost")


def test_older_messages_are_asked_for_by_the_number_of_the_last_one(journal, views):
    for number in range(1, 6):
        journal.sms(sms(str(number), "Hi"), MessageState.DELIVERED, 1.0)
    views.catch_up()
    page = views.messages(limit=2)
    assert [message["id"] for message in page] == ["0000000005", "0000000004"]
    assert [message["number"] for message in views.messages(limit=2, before=page[-1]["number"])] == [3, 2]


def ussd(operation, text="", **given):
    return Ussd(operation, text, msisdn="70001000001", service_code="*111#", session="7", **given)


def test_a_session_has_its_turns_and_its_outcome(journal, views):
    for at, message in enumerate((ussd(BEGIN, "*111#"), ussd(ASK, "1 Баланс"), ussd(ANSWER, "1"), ussd(END, "Да"))):
        journal.ussd(message, float(at))
    views.catch_up()
    session = views.session("7")
    assert [(turn["operation"], turn["text"]) for turn in session["turns"]] == [
        ("begin", "*111#"),
        ("ask", "1 Баланс"),
        ("answer", "1"),
        ("end", "Да"),
    ]
    assert (session["state"], session["outcome"], session["result"]) == ("ended", "success", "success")
    assert (session["started_at"], session["ended_at"]) == (0.0, 3.0)
    assert views.session("8") is None


ENDINGS = [
    (ussd(HANG_UP), "dialog_user_abort", "failed_dialog_user_abort"),
    (ussd(RELEASE, outcome="timeout"), "timeout", "failed_invoke_timeout"),
    (ussd(RELEASE, outcome="no_route"), "no_route", "failed_no_sc_rule_found"),
]


@pytest.mark.parametrize(("message", "outcome", "result"), ENDINGS)
def test_an_ending_has_our_word_and_that_of_a_cdr(journal, views, message, outcome, result):
    journal.ussd(ussd(BEGIN, "*111#"), 0.0)
    journal.ussd(message, 1.0)
    views.catch_up()
    assert (views.session("7")["outcome"], views.session("7")["result"]) == (outcome, result)


def test_a_session_is_open_until_it_ends(journal, views):
    journal.ussd(ussd(BEGIN, "*111#"), 0.0)
    views.catch_up()
    assert views.sessions(msisdn="70001000001")[0]["state"] == "open"
    assert views.sessions(msisdn="70001000002") == []


def test_each_entry_is_taken_once_however_many_there_are(store, journal, views):
    for number in range(1, SLICE + 6):
        journal.sms(sms(str(number), "Hi"), MessageState.DELIVERED, 1.0)
    journal.commit()
    assert list(Views.catch_up(views, "from:shop")) == [SLICE, 5]
    assert list(Views.catch_up(views, "Hi")) == [SLICE, 5]  # now its words too
    assert views.catch_up() == 0
    assert store.own("SELECT count(*) FROM messages") == [(SLICE + 5,)]


def test_cleared_views_find_nothing(journal, views):
    journal.sms(sms("1", "Привет"), MessageState.DELIVERED, 1.0)
    views.catch_up()
    journal.clear(2.0)
    views.clear()
    views.catch_up()
    assert views.messages() == views.messages("привет") == []
