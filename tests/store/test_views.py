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


def test_a_message_that_was_rewritten_is_found_by_its_new_words_only(journal, views):
    journal.sms(sms("1", "старый"), MessageState.ENROUTE, 1.0)
    views.catch_up()
    journal.replaced(sms("1", "новый"), 2.0)
    journal.replaced(sms("1", "новейший"), 3.0)
    views.catch_up()
    assert views.message("1")["text"] == "новейший"
    assert [message["id"] for message in views.messages("новейший")] == ["0000000001"]
    assert views.messages("старый") == views.messages("новый") == []


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


def test_a_message_that_was_replaced_shows_its_new_text(journal, views):
    journal.sms(sms("1", "old"), MessageState.ENROUTE, 1.0)
    journal.replaced(sms("1", "new"), 2.0)
    views.catch_up()
    assert [message["text"] for message in views.messages("from:shop")] == ["new"]


def test_an_unknown_state_is_told_with_the_known_ones(views):
    with pytest.raises(ValueError, match="state:lost is no state of a message; known: scheduled, enroute, delivered"):
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


# What the journal forgot ----------------------------------------------------------------------------------------------


def turns(journal, session, *, at=0.0):
    journal.ussd(Ussd(BEGIN, "*111#", msisdn="70001000001", service_code="*111#", session=session), at)
    journal.commit()
    journal.ussd(Ussd(END, "Да", msisdn="70001000001", service_code="*111#", session=session), at)
    journal.commit()


def counted(store):
    tables = ("messages", "message_states", "sessions", "turns")
    return {table: store.own(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


@pytest.fixture
def small(store):
    return Journal(store, most=1500)


@pytest.mark.parametrize("words", ["", "words"])
def test_what_the_journal_forgot_is_found_no_more(store, small, words):
    views = Views(store)
    for number in range(1, 201):
        small.sms(sms(str(number), f"Привет n{number}"), MessageState.ENROUTE, float(number))
        small.state(sms(str(number), ""), MessageState.DELIVERED, float(number))
        turns(small, f"{number:05d}")
        if number % 3 == 0:
            list(views.catch_up(words))
    list(views.catch_up("words"))
    kept = [entry for _, entry in small.after(0)]
    ids = [entry.sms.message_id.zfill(10) for entry in kept if entry.kind == "sms"]
    assert 2 <= len(ids) < 20
    assert [message["id"] for message in views.messages()] == ids[::-1]
    assert [message["id"] for message in views.messages("привет")] == ids[::-1]
    assert views.messages("n100") == []
    assert [message["number"] for message in views.messages("n200")] == [200]
    assert views.session("00001") is None
    assert counted(store) == {
        "messages": len(ids),
        "message_states": sum(entry.kind == "sms.state" for entry in kept),
        "sessions": len({entry.session for entry in kept if entry.kind.startswith("ussd")}),
        "turns": sum(entry.kind.startswith("ussd") for entry in kept),
    }
    assert views.kept_since() == kept[0].at


def test_a_session_stays_as_long_as_one_of_its_turns(store, small):
    views = Views(store)
    small.ussd(Ussd(BEGIN, "*111#", msisdn="70001000001", service_code="*111#", session="7"), 0.0)
    small.commit()
    for _ in range(3):
        small.ussd(Ussd(ASK, "?", msisdn="70001000001", service_code="*111#", session="7"), 1.0)
        small.commit()
    list(views.catch_up())
    while small.forgotten < 1:
        small.ussd(Ussd(ASK, "?", msisdn="70001000001", service_code="*111#", session="7"), 1.0)
        small.commit()
    list(views.catch_up())
    assert {turn["operation"] for turn in views.session("7")["turns"]} == {"ask"}
    assert views.session("7")["started_at"] == 0.0


def test_forgetting_goes_by_slices_as_taking_in_does(store):
    views, journal = Views(store), Journal(store, most=2**30)
    for start in range(1, 2 * SLICE + 2, SLICE // 2):
        for number in range(start, start + SLICE // 2):
            journal.sms(sms(str(number), "Hi"), MessageState.DELIVERED, 1.0)
        journal.commit()
    list(views.catch_up())
    smaller = Journal(store, most=1)
    smaller.sms(sms("9999", "Hi"), MessageState.DELIVERED, 2.0)
    smaller.commit()
    store.write("UPDATE views_position SET position = ? WHERE view = 'journal'", (smaller.last,))
    assert max(views.catch_up()) <= SLICE
    assert counted(store)["messages"] == 0
    assert views.kept_since() == 2.0


def test_two_who_look_at_once_take_each_entry_once(store, journal):
    views = Views(store)
    for number in range(1, 3 * SLICE):
        journal.sms(sms(str(number), "Hi"), MessageState.DELIVERED, 1.0)
    journal.commit()
    one, other = views.catch_up(), views.catch_up()
    taken = [next(one), next(other), next(one, 0), next(other, 0), *one, *other]
    assert sum(taken) == counted(store)["messages"] == 3 * SLICE - 1


def test_a_reset_while_somebody_looks_leaves_nothing_of_before(store, journal):
    views = Views(store)
    for number in range(1, 2 * SLICE):
        journal.sms(sms(str(number), "Hi"), MessageState.DELIVERED, 1.0)
    journal.commit()
    looking = views.catch_up()
    next(looking)
    journal.clear(2.0)
    views.clear()
    list(looking)
    assert views.messages() == []


def test_nothing_is_kept_since_nothing(views):
    assert views.kept_since() is None
