"""Messages and sessions as somebody looks them up."""

import pytest

from ussd_gateway.coding.segments import Concatenation, split
from ussd_gateway.network.message import (
    ABORT,
    ANSWER,
    ASK,
    BEGIN,
    END,
    HANG_UP,
    RELEASE,
    MessageState,
    Receipt,
    Sms,
    Ussd,
)
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


def sms(message_id, text, source="shop", destination="70001000001", **given):
    return Sms(source, destination, text.encode("utf-16-be"), 8, message_id=message_id, **given)


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
    "esme:test": ["2"],
    "esme:test привет": [],
    "to:+70001000002": ["3"],
    "state:delivered from:shop": ["1"],
    "text:мир": ["1"],
    'quotes" OR "x': [],
}


@pytest.mark.parametrize(("query", "found"), SEARCHES.items())
def test_messages_are_found_by_words_and_terms_the_newest_first(journal, views, query, found):
    journal.sms(sms("1", "Привет, мир"), MessageState.DELIVERED, 1.0)
    journal.sms(sms("2", "Счёт", source="bank", account="test"), MessageState.DELIVERED, 1.0)
    journal.sms(sms("3", "ПРИВЕТ", destination="70001000002"), MessageState.ENROUTE, 1.0)
    views.catch_up()
    assert [str(message["number"]) for message in views.messages(query)] == found


def test_a_message_that_was_replaced_shows_its_new_text(journal, views):
    journal.sms(sms("1", "old"), MessageState.ENROUTE, 1.0)
    journal.replaced(sms("1", "new"), 2.0)
    views.catch_up()
    assert [message["text"] for message in views.messages("from:shop")] == ["new"]


def test_one_message_has_what_it_carries_and_all_that_happened_to_it(journal, views):
    message = sms(
        "1",
        "Да",
        account="test",
        registered_delivery=0x11,
        priority=2,
        service_type="CMT",
        protocol_id=0x41,
        scheduled_at=2.0,
        expires_at=90.0,
        tlvs=((0x0204, b"\0\7"),),
        origin=3,
    )
    journal.sms(message, MessageState.SCHEDULED, 1.0)
    journal.state(message, MessageState.ENROUTE, 2.0)
    journal.attempt(message, 6, 2.0)
    journal.receipt(Receipt(message, MessageState.ENROUTE, 2.0, 6, intermediate=True), 2.0)
    journal.replaced(message.rewritten("Нет".encode("utf-16-be"), registered_delivery=1), 3.0)
    journal.state(message, MessageState.UNDELIVERABLE, 4.0, 6)
    journal.receipt(Receipt(message, MessageState.UNDELIVERABLE, 4.0, 6), 4.0)
    views.catch_up()
    shown = views.message("1")
    assert (shown["text"], shown["octets"]) == ("Нет", "Нет".encode("utf-16-be").hex())
    assert (shown["data_coding"], shown["alphabet"], shown["udh"], shown["esm_class"]) == (8, "ucs2", "", 0)
    assert (shown["registered_delivery"], shown["priority"], shown["service_type"]) == (1, 2, "CMT")
    assert (shown["protocol_id"], shown["scheduled_at"], shown["expires_at"]) == (0x41, 2.0, 90.0)
    assert (shown["connection"], shown["group"], shown["masked"]) == (3, None, False)
    assert (shown["tlvs"], shown["concatenation"]) == (((0x0204, b"\0\7"),), None)
    assert [(told["event"], told["at"]) for told in shown["events"]] == [
        ("sms", 1.0),
        ("sms.state", 2.0),
        ("sms.attempt", 2.0),
        ("receipt", 2.0),
        ("sms.replaced", 3.0),
        ("sms.state", 4.0),
        ("receipt", 4.0),
    ]
    assert [told["text"] for told in shown["events"] if "text" in told] == ["Да", "Нет"]
    assert [told["error"] for told in shown["events"] if "error" in told] == [0, 6, 6]
    assert [state["state"] for state in shown["states"]] == ["SCHEDULED", "ENROUTE", "UNDELIVERABLE"]
    assert shown["states"] == views.messages()[0]["states"]


LONG = "Слово" * 30  # three parts of 67 characters at most


def write_parts(journal, numbers, reference=7, account="test"):
    """The parts of a text under these numbers; 0 for one that never came."""
    for number, segment in zip(numbers, split(LONG, reference=reference), strict=True):
        message = Sms(
            "shop",
            "70001000001",
            segment.user_data,
            8,
            0x40,
            concatenation=segment.concatenation,
            account=account,
            message_id=str(number),
        )
        if number:
            journal.sms(message, MessageState.DELIVERED, 1.0)


def place(views, number):
    views.catch_up()
    return views.message(str(number))["concatenation"]


def test_a_part_knows_the_others_and_the_whole_text(journal, views):
    write_parts(journal, (1, 2, 3))
    assert place(views, 2) == {
        "reference": 7,
        "reference_bits": 8,
        "total": 3,
        "sequence": 2,
        "parts": [
            {"sequence": 1, "id": "0000000001"},
            {"sequence": 2, "id": "0000000002"},
            {"sequence": 3, "id": "0000000003"},
        ],
        "missing": [],
        "text": LONG,
    }
    assert views.message("2")["udh"] == "050003070302"


def test_a_text_that_lacks_a_part_says_which(journal, views):
    write_parts(journal, (1, 0, 3))
    shown = place(views, 3)
    assert (shown["missing"], shown["text"]) == ([2], None)
    assert [part["id"] for part in shown["parts"]] == ["0000000001", "0000000003"]


NEIGHBOURS = {
    "the same reference again": (((1, 2, 3), (4, 5, 6)), {2: "1 2 3", 4: "4 5 6", 6: "4 5 6"}),
    "in any order": (((3, 1, 2), (6, 4, 5)), {1: "3 1 2", 5: "6 4 5"}),
    "with others between": (((1, 10, 20), (21, 40, 50)), {20: "1 10 20", 21: "21 40 50"}),
    "after one that lacks a part": (((1, 2, 0), (4, 5, 6)), {2: "1 2", 4: "4 5 6"}),
    "many times": (tuple((n, n + 1, n + 2) for n in range(1, 60, 3)), {1: "1 2 3", 29: "28 29 30", 60: "58 59 60"}),
}


@pytest.mark.parametrize(("texts", "found"), NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_texts_of_one_reference_are_told_apart(journal, views, texts, found):
    for numbers in texts:
        write_parts(journal, numbers)
    for number, parts in found.items():
        assert " ".join(str(int(part["id"])) for part in place(views, number)["parts"]) == parts


def test_parts_of_another_account_sender_or_reference_are_no_parts(journal, views):
    write_parts(journal, (1, 2, 0))
    write_parts(journal, (0, 0, 4), account="other")
    write_parts(journal, (0, 0, 5), reference=8)
    assert place(views, 1)["missing"] == [3]


def test_a_part_that_was_rewritten_is_in_the_text_as_it_is_now(journal, views):
    write_parts(journal, (1, 2, 3))
    second = Sms(
        *("shop", "70001000001", b"\5\0\3\7\3\2" + "Б".encode("utf-16-be"), 8, 0x40),
        concatenation=Concatenation(7, 3, 2),
        message_id="2",
    )
    journal.replaced(second, 2.0)
    assert "Б" in place(views, 1)["text"]


def test_a_message_that_the_journal_forgot_meanwhile_is_not_there(store):
    views, journal = Views(store), Journal(store, most=1)
    journal.sms(sms("1", "Hi"), MessageState.DELIVERED, 1.0)
    journal.commit()
    list(views.catch_up())
    journal.sms(sms("2", "Hi"), MessageState.DELIVERED, 1.0)
    journal.commit()
    assert views.message("1") is None


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
    (ussd(ABORT), "abort_app", "abort_app"),
    (ussd(ABORT, outcome="http_error"), "http_error", "failed_transport_error"),
]


@pytest.mark.parametrize(("message", "outcome", "result"), ENDINGS)
def test_an_ending_has_our_word_and_that_of_a_cdr(journal, views, message, outcome, result):
    journal.ussd(ussd(BEGIN, "*111#"), 0.0)
    journal.ussd(message, 1.0)
    views.catch_up()
    assert (views.session("7")["outcome"], views.session("7")["result"]) == (outcome, result)


def test_a_session_whose_application_failed_says_why(journal, views):
    journal.ussd(ussd(BEGIN, "*111#"), 0.0)
    journal.event("application.failed", 1.0, session="7", why="there is no answer")
    journal.event("application.other", 1.0, session="7", why="nobody asks")
    views.catch_up()
    assert views.session("7")["explanation"] == "there is no answer"
    assert views.sessions()[0]["explanation"] == "there is no answer"


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
    tables = ("messages", "message_events", "sessions", "turns")
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
        "message_events": sum(entry.kind == "sms.state" for entry in kept),
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


def test_what_an_account_knows_by_an_id_is_a_message_or_a_group(journal, views):
    for message_id, account, group_id in (("1", "shop", ""), ("2", "shop", "1"), ("3", "bank", "1"), ("4", "shop", "")):
        message = sms(message_id, "Hi")
        message.account, message.group_id = account, group_id
        journal.sms(message, MessageState.ENROUTE, 0.0)
        if message_id == "2":
            journal.state(message, MessageState.EXPIRED, 60.0, 6)
    journal.commit()
    views.catch_up()
    first = ("shop", MessageState.ENROUTE, 0.0, 0)
    assert views.known_as("1", "shop") == [first, ("shop", MessageState.EXPIRED, 60.0, 6)]
    assert views.known_as("4", "shop") == [first]
    for message_id, account in (("1", "nobody"), ("9", "shop"), ("", "shop"), ("x", "shop"), ("9" * 40, "shop")):
        assert views.known_as(message_id, account) == []
