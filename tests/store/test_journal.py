"""The journal: what is written down, what is hidden, and what comes back after a restart."""

import re
import sqlite3

import msgspec
import pytest

from ussd_gateway.coding.data_coding import Alphabet, decode_ussd
from ussd_gateway.coding.segments import Concatenation
from ussd_gateway.network.message import BEGIN, END, RELEASE, MessageState, Receipt, Sms, Ussd
from ussd_gateway.store import journal as journals
from ussd_gateway.store.entries import EventEntry
from ussd_gateway.store.journal import MASK, Journal, entries_at
from ussd_gateway.store.store import Store

SECRET = re.compile(r"(?<=Пароль: )\S+(?=\.)")


@pytest.fixture
def journal(store):
    return Journal(store, {"3339": SECRET})


@pytest.fixture
def on_disk(tmp_path):
    """A store in a file, whose writes can fail, and its journal."""
    store = Store(tmp_path / "gateway.db")
    yield store, Journal(store)
    store.close()


def sms(text="Hi", source="shop", message_id="1", **given):
    data_coding = 8 if not text.isascii() else 0
    octets = text.encode("utf-16-be" if data_coding else "ascii")
    return Sms(source, "70001000001", octets, data_coding, message_id=message_id, submitted_at=5.0, **given)


def written(journal):
    """The entries that are kept."""
    return [entry for _, entry in journal.after(0)]


def numbers(journal, after=0):
    return [number for number, _ in journal.after(after)]


def arrived(journal, *message_ids):
    for message_id in message_ids:
        journal.sms(sms(message_id=message_id), MessageState.DELIVERED, 1.0)
    journal.commit()


def test_entries_keep_their_order_and_nothing_is_there_before_the_commit(journal):
    journal.sms(sms(), MessageState.DELIVERED, 1.0)
    journal.receipt(Receipt(sms(), MessageState.DELIVERED, 1.0), 1.0)
    journal.ussd(Ussd(BEGIN, "*111#", msisdn="70001000001", session="2"), 2.0)
    journal.event("esme.bound", 3.0, account="test", mode="transceiver")
    assert written(journal) == []
    journal.commit()
    assert [(entry.at, entry.kind) for entry in written(journal)] == [
        (1.0, "sms"),
        (1.0, "receipt"),
        (2.0, "ussd.begin"),
        (3.0, "esme.bound"),
    ]
    assert numbers(journal) == [1, 2, 3, 4]


def test_octets_are_kept_as_they_came(journal):
    journal.sms(sms("Да"), MessageState.DELIVERED, 1.0)
    journal.commit()
    (entry,) = written(journal)
    assert (entry.sms.data_coding, entry.sms.octets, entry.state) == (8, "Да".encode("utf-16-be"), 2)


def test_r178_a_password_in_an_sms_is_never_written(journal):
    journal.sms(sms("Пароль: Ab3dE9xZ. Никому не говорите.", "3339"), MessageState.DELIVERED, 1.0)
    journal.sms(sms("Пароль: Ab3dE9xZ.", "shop"), MessageState.DELIVERED, 1.0)
    journal.commit()
    masked, other = written(journal)
    assert masked.sms.octets.decode("utf-16-be") == f"Пароль: {MASK}. Никому не говорите."
    assert "Ab3dE9xZ" in other.sms.text  # only self-care's own sender is masked
    assert (masked.masked, other.masked) == (True, False)


def test_an_sms_with_a_secret_is_written_without_it_and_others_of_its_source_whole(journal):
    journal.hide("Bank", "PIN 8642 of 86", ("86", "8642"))
    journal.hide("3339", "PIN 8642", ("8642",))
    for source, text in (
        ("Bank", "PIN 8642 of 86"),
        ("Bank", "Call 8642"),
        ("shop", "PIN 8642 of 86"),
        ("3339", "PIN 8642"),
        ("3339", "Пароль: Ab3dE9xZ."),
    ):
        journal.sms(sms(text, source), MessageState.ENROUTE, 1.0)
    journal.commit()
    assert [(entry.sms.text, entry.masked) for entry in written(journal)] == [
        (f"PIN {MASK} of {MASK}", True),
        ("Call 8642", False),
        ("PIN 8642 of 86", False),
        (f"PIN {MASK}", True),
        (f"Пароль: {MASK}.", True),
    ]


def test_of_texts_with_secrets_the_newest_are_remembered(journal, monkeypatch):
    monkeypatch.setattr(journals, "HIDDEN", 1)
    for text in ("PIN 1111", "PIN 2222"):
        journal.hide("Bank", text, (text[4:],))
        journal.sms(sms(text, "Bank"), MessageState.DELIVERED, 1.0)
    journal.sms(sms("PIN 1111", "Bank"), MessageState.DELIVERED, 1.0)
    journal.commit()
    assert [entry.sms.text for entry in written(journal)] == [f"PIN {MASK}", f"PIN {MASK}", "PIN 1111"]


def test_r178_a_password_on_a_screen_is_never_written(journal):
    journal.ussd(Ussd(END, "Пароль: Ab3dE9xZ", secrets=("Ab3dE9xZ",)), 1.0)
    journal.commit()
    assert written(journal)[0].octets.decode("utf-16-be") == f"Пароль: {MASK}"


def test_a_pin_that_was_dialled_is_hidden_as_the_field_that_it_is(journal):
    journal.ussd(Ussd(BEGIN, "*170*1*1#", service_code="*170*1#", secrets=("1",)), 1.0)
    journal.commit()
    assert decode_ussd(written(journal)[0].octets, 15) == f"*170*1*{MASK}#"


def test_a_release_tells_its_outcome(journal):
    journal.ussd(Ussd(RELEASE, "", outcome="timeout"), 1.0)
    journal.commit()
    assert [(entry.kind, entry.outcome) for entry in written(journal)] == [("ussd.release", "timeout")]


# Blocks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", range(8))
def test_reading_begins_behind_any_entry_also_in_the_middle_of_a_turn(journal, after):
    for turn in ("12", "345", "6"):
        arrived(journal, *turn)
    found = [(number, entry.sms.message_id) for number, entry in journal.after(after)]
    assert found == [(number, str(number)) for number in range(after + 1, 7)]


def test_only_what_is_committed_is_read(tmp_path):
    store = Store(tmp_path / "gateway.db")
    journal = Journal(store)
    arrived(journal, "1")
    store.write("DELETE FROM under_way")
    store.commit = lambda: None  # the disk takes its time
    journal.sms(sms(message_id="2"), MessageState.DELIVERED, 1.0)
    journal.commit()
    assert numbers(journal) == [1]
    del store.commit
    journal.commit()
    assert numbers(journal) == [1, 2]
    store.close()


def test_what_a_newer_version_wrote_keeps_its_number_and_nothing_else(store, journal):
    arrived(journal, "1", "2")
    newer = msgspec.msgpack.encode([["sms.sold", 5.0, 99], ["sms.state", 6.0, "1", 3, 0, "more"]])
    store.write(
        "UPDATE journal SET entries = ? WHERE last = 2",
        (newer,),
    )
    store.commit()
    arrived(journal, "3")
    unknown, known, third = written(journal)
    assert (unknown.kind, unknown.at, unknown.facts["tag"]) == ("journal.unreadable", 5.0, "sms.sold")
    assert (known.kind, known.message_id, known.state) == ("sms.state", "1", 3)
    assert (third.sms.message_id, numbers(journal)) == ("3", [1, 2, 3])
    again = Journal(store)
    assert again.left_over().messages == []
    assert [message.message_id for message, _ in again.recently_delivered(10)] == ["3"]


# Watchers -------------------------------------------------------------------------------------------------------------


def test_watchers_are_told_of_each_turn_once_it_is_kept(journal):
    told = []
    journal.watchers.append(lambda first, entries: told.append((first, [entry.sms.message_id for entry in entries])))
    journal.watchers.append(lambda first, entries: told.append(numbers(journal, first - 1)))
    arrived(journal, "1", "2")
    arrived(journal, "3")
    journal.commit()
    assert told == [(1, ["1", "2"]), [1, 2], (3, ["3"]), [3]]


@pytest.mark.parametrize("failure", ["the entries", "the commit"])
def test_of_a_turn_whose_commit_failed_they_are_told_once(on_disk, failure):
    store, journal = on_disk
    told = []
    journal.watchers.append(lambda first, entries: told.append((first, len(entries))))
    journal.sms(sms(message_id="1"), MessageState.DELIVERED, 1.0)
    if failure == "the entries":
        store.own("CREATE TEMP TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    else:
        store.own("PRAGMA foreign_keys = ON")
        store.own("CREATE TEMP TABLE owner (id INTEGER PRIMARY KEY)")
        store.own("CREATE TEMP TABLE owned (id INTEGER REFERENCES owner (id) DEFERRABLE INITIALLY DEFERRED)")
        store.write("INSERT INTO owned VALUES (1)")  # SQLite refuses the COMMIT until its owner is there
    with pytest.raises(sqlite3.IntegrityError):
        journal.commit()
    assert told == []
    if failure == "the entries":
        store.own("DROP TRIGGER full")
    else:
        store.write("INSERT INTO owner VALUES (1)")
    arrived(journal, "2")
    journal.commit()
    assert (told == [(1, 2)]) if failure == "the entries" else (told == [(1, 1), (2, 1)])
    assert numbers(journal) == [1, 2]


# What is kept ---------------------------------------------------------------------------------------------------------


def filled(store, most, turns=20, **given):
    journal = Journal(store, most=most, **given)
    for turn in range(turns):
        arrived(journal, f"{2 * turn + 1}", f"{2 * turn + 2}")
    return journal


def test_the_oldest_turns_go_when_there_is_too_much_and_numbering_goes_on(store):
    journal = filled(store, most=1000)
    kept = numbers(journal)
    assert kept == list(range(journal.forgotten + 1, 41))
    assert 4 < len(kept) < 20
    assert store.own("SELECT sum(length(entries)) <= 1000 FROM journal") == [(1,)]
    assert journal.first_id == 1


def test_a_restart_knows_what_was_forgotten_and_how_much_is_kept(store):
    before = filled(store, most=1000)
    again = Journal(store, most=1000)
    assert (again.forgotten, again.last) == (before.forgotten, 40)
    arrived(again, "41", "42")
    assert len(numbers(again)) == len(numbers(before))
    assert numbers(again)[-1] == 42
    smaller = Journal(store, most=500)
    arrived(smaller, "43")
    assert store.own("SELECT sum(length(entries)) <= 500 FROM journal") == [(1,)]


def test_the_newest_turn_stays_however_large_it_is(store):
    journal = filled(store, most=1)
    assert numbers(journal) == [39, 40]
    assert Journal(store).first_id == 41


def test_what_was_deleted_by_a_turn_that_failed_is_not_counted(store):
    journal = filled(store, most=1000)
    kept = numbers(journal)
    for message_id in ("41", "42"):
        journal.sms(sms(message_id=message_id), MessageState.DELIVERED, 1.0)
    store.own("CREATE TEMP TRIGGER full BEFORE DELETE ON journal BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END")
    with pytest.raises(sqlite3.IntegrityError):
        journal.commit()
    assert numbers(journal) == kept
    store.own("DROP TRIGGER full")
    journal.commit()
    assert numbers(journal) == list(range(journal.forgotten + 1, 43))
    assert store.own("SELECT sum(length(entries)) <= 1000 FROM journal") == [(1,)]


# After a restart ------------------------------------------------------------------------------------------------------


def test_what_data_coding_0_meant_is_known_after_a_restart(store, journal):
    journal.sms(
        Sms("shop", "1", b"caf\xe9", message_id="1", default_alphabet=Alphabet.LATIN1), MessageState.ENROUTE, 5.0
    )
    journal.commit()
    (found,) = Journal(store).left_over().messages
    assert (found.text, found.default_alphabet) == ("café", Alphabet.LATIN1)


def test_a_message_under_way_comes_back_whole(store, journal):
    kept = sms(
        esm_class=0x40,
        registered_delivery=1,
        protocol_id=1,
        account="test",
        expires_at=99.0,
        tlvs=((0x1400, b"\x01\x02"),),
    )
    journal.sms(kept, MessageState.ENROUTE, 5.0)
    part = sms(message_id="2", concatenation=Concatenation(7, 2, 1, 16))
    journal.sms(part, MessageState.ENROUTE, 5.0)
    journal.commit()
    found = Journal(store).left_over().messages
    for old, new in zip((kept, part), found, strict=True):
        assert {name: getattr(new, name) for name in Sms.__struct_fields__} == {
            name: getattr(old, name) for name in Sms.__struct_fields__
        }


def test_the_parts_of_a_long_message_know_their_places_after_a_restart(store, journal):
    header = bytes.fromhex("0500037f0302")
    part = Sms(
        "bank", "70001000001", header + b"Hi", esm_class=0x40, concatenation=Concatenation(0x7F, 3, 2), message_id="1"
    )
    journal.sms(part, MessageState.DELIVERED, 1.0)
    journal.commit()
    ((found, _),) = Journal(store).recently_delivered(10)
    assert found.concatenation == part.concatenation


def test_what_could_not_be_committed_is_kept_for_the_next_time(on_disk):
    store, journal = on_disk
    journal.sms(sms(), MessageState.DELIVERED, 1.0)
    store.own("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(sqlite3.IntegrityError):
        journal.commit()
    store.own("DROP TRIGGER full")
    journal.commit()
    journal.commit()
    assert [entry.kind for entry in written(journal)] == ["sms"]


def test_one_that_arrived_or_expired_does_not(store, journal):
    for number, state in enumerate((MessageState.DELIVERED, MessageState.EXPIRED), 1):
        journal.sms(sms(message_id=str(number)), MessageState.ENROUTE, 1.0)
        journal.state(sms(message_id=str(number)), state, 2.0)
    journal.sms(sms(message_id="3"), MessageState.DELIVERED, 1.0)
    journal.commit()
    assert Journal(store).left_over().messages == []
    arrived = [(message.message_id, at) for message, at in Journal(store).recently_delivered(10)]
    assert arrived == [("3", 1.0), ("1", 2.0)]  # in the order of their arrival
    assert [message.message_id for message, _ in Journal(store).recently_delivered(1)] == ["3"]


def test_one_whose_text_was_hidden_can_never_be_delivered_and_says_so(store, journal):
    journal.sms(sms("Пароль: Ab3dE9xZ.", "3339"), MessageState.ENROUTE, 1.0)
    journal.commit()
    again = Journal(store)
    assert again.left_over().messages == []
    again.commit()
    assert (written(again)[-1].kind, written(again)[-1].state) == ("sms.state", MessageState.UNDELIVERABLE)
    assert Journal(store).left_over().messages == []


def test_numbers_go_on_after_a_restart(store, journal):
    assert journal.first_id == 1
    for _ in range(5):
        journal.sms(sms(), MessageState.DELIVERED, 1.0)
    journal.commit()
    assert Journal(store).first_id == 6


def test_a_cleared_journal_has_only_the_reset_and_numbers_go_on(store, journal):
    for _ in range(3):
        journal.sms(sms(), MessageState.DELIVERED, 1.0)
    journal.commit()
    journal.sms(sms(), MessageState.DELIVERED, 1.0)
    journal.clear(9.0)
    journal.commit()
    assert list(journal.after(0)) == [(5, EventEntry(9.0, "gateway.reset", None, {}))]
    assert (journal.forgotten, Journal(store).forgotten, Journal(store).first_id) == (4, 4, 6)


def test_facts_of_any_kind_can_be_written(journal):
    journal.event("test.noted", 1.0, state=MessageState.EXPIRED, place=re.compile("x"), none=None)
    journal.commit()
    assert written(journal)[0].facts == {"state": 3, "place": "re.compile('x')", "none": None}


@pytest.mark.parametrize("state", [MessageState.SCHEDULED, MessageState.ENROUTE])
def test_a_message_without_a_final_state_comes_back(store, journal, state):
    journal.sms(sms(message_id="1"), state, 1.0)
    journal.sms(sms(message_id="2"), MessageState.ENROUTE, 1.0)
    journal.state(sms(message_id="2"), state, 2.0)
    journal.commit()
    assert [message.message_id for message in Journal(store).left_over().messages] == ["1", "2"]


# Checkpoints ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def often(monkeypatch):
    """A checkpoint after each ten entries."""
    monkeypatch.setattr(journals, "CHECKPOINT", 10)


def test_a_restart_reads_on_from_the_last_checkpoint(store, often):
    under_way = {str(number): sms(message_id=str(number), account="test") for number in range(1, 4)}
    journal = Journal(store)
    journal.under_way = under_way.values
    for message in under_way.values():
        journal.sms(message, MessageState.ENROUTE, 5.0)
    arrived(journal, *"4567890")  # here is the checkpoint
    journal.state(under_way.pop("1"), MessageState.DELIVERED, 7.0)
    journal.sms(sms(message_id="11"), MessageState.ENROUTE, 8.0)
    journal.commit()
    store.write("DELETE FROM journal WHERE last <= 10")  # the proof that nothing before it is read
    store.commit()
    found = Journal(store).left_over().messages
    assert [message.message_id for message in found] == ["2", "3", "11"]
    assert [message.account for message in found] == ["test", "test", ""]


def test_what_waits_outlives_the_turn_that_brought_it(store):
    """Long before a checkpoint is due: the blocks it would be read from are about to go."""
    waiting = sms(message_id="1")
    journal = Journal(store, most=1000)
    journal.under_way = lambda: [waiting]
    journal.sms(waiting, MessageState.ENROUTE, 5.0)
    for number in range(2, 40):
        arrived(journal, str(number))
    assert journal.forgotten > 1
    assert [message.message_id for message in Journal(store).left_over().messages] == ["1"]


def test_r178_a_checkpoint_hides_what_the_journal_hides(store, often):
    secret = sms("Пароль: Ab3dE9xZ.", "3339", message_id="1")
    journal = Journal(store, {"3339": SECRET})
    journal.under_way = lambda: [secret]
    journal.sms(secret, MessageState.ENROUTE, 5.0)
    arrived(journal, *"234567890")
    dump = "\n".join(store._writer.iterdump()).lower()
    assert 'insert into "under_way"' in dump
    assert "Ab3dE9xZ".encode("utf-16-be").hex() not in dump
    again = Journal(store, {"3339": SECRET})
    assert again.left_over().messages == []
    again.commit()
    assert (written(again)[-1].message_id, written(again)[-1].state) == ("1", MessageState.UNDELIVERABLE)


def test_a_checkpoint_is_forgotten_by_a_reset(store, often):
    journal = Journal(store)
    journal.under_way = lambda: [sms()]
    arrived(journal, *"1234567890")
    journal.under_way = list
    journal.clear(9.0)
    assert Journal(store).left_over().messages == []


def test_what_was_replaced_comes_back_as_it_was_last(store, journal):
    journal.sms(sms("old"), MessageState.SCHEDULED, 5.0)
    journal.replaced(sms("new", scheduled_at=60.0, priority=2, service_type="CMT", group_id="9"), 6.0)
    journal.attempt(sms("old"), 6, 7.0)
    journal.state(sms("old"), MessageState.ENROUTE, 8.0)
    journal.commit()
    (kept,) = Journal(store).left_over().messages
    assert (kept.text, kept.scheduled_at, kept.priority) == ("new", 60.0, 2)
    assert (kept.service_type, kept.group_id, kept.submitted_at) == ("CMT", "9", 5.0)


def test_a_final_state_tells_its_error(store, journal):
    journal.state(sms(), MessageState.UNDELIVERABLE, 1.0, 27)
    journal.commit()
    assert [entry.error for _, entry in journal.after(0)] == [27]


# What arrived ---------------------------------------------------------------------------------------------------------


def test_what_arrived_last_is_found_over_many_turns(store, journal):
    for number in range(1, 31):
        journal.sms(sms(message_id=str(number)), MessageState.ENROUTE, float(number))
        journal.commit()
    for number in range(30, 0, -1):  # the last that was sent arrives first
        journal.state(sms(message_id=str(number)), MessageState.DELIVERED, 100.0 - number)
        journal.commit()
    found = Journal(store).recently_delivered(5)
    assert [(message.message_id, at) for message, at in found] == [(str(n), 100.0 - n) for n in range(30, 25, -1)]
    assert len(Journal(store).recently_delivered(100)) == 30


def test_a_message_that_was_rewritten_arrived_as_it_was_then(store, journal):
    journal.sms(sms("one"), MessageState.ENROUTE, 1.0)
    journal.replaced(sms("two"), 2.0)
    journal.replaced(sms("three"), 3.0)
    journal.state(sms(), MessageState.DELIVERED, 4.0)
    journal.commit()
    assert [message.text for message, _ in Journal(store).recently_delivered(10)] == ["three"]


def test_a_search_for_what_arrived_does_not_read_the_whole_journal(store, journal):
    arrived(journal, "1")
    for number in range(2, 200):
        journal.sms(sms(message_id=str(number)), MessageState.ENROUTE, 1.0)
        journal.commit()
    assert Journal(store).recently_delivered(1) == []
    assert [message.message_id for message, _ in Journal(store).recently_delivered(10)] == ["1"]


def test_entries_are_read_by_their_numbers(store):
    journal = Journal(store, most=1)
    for kind in ("first", "second"):
        journal.event(kind, 1.0)
        journal.event(f"after the {kind}", 1.0)
        journal.commit()
    found = [entry and entry.kind for entry in entries_at(store, range(1, 6))]
    assert found == [None, None, "second", "after the second", None]
    assert [entry and entry.kind for entry in entries_at(store, [4])] == ["after the second"]


def test_receipts_that_had_not_left_are_owed_after_a_restart(store, journal):
    for number, asked in enumerate((1, 0, 2, 1, 1), 1):
        message = sms(message_id=str(number), account="test", registered_delivery=asked)
        journal.sms(message, MessageState.ENROUTE if number == 4 else MessageState.DELIVERED, 1.0)
    journal.state(sms(message_id="4"), MessageState.EXPIRED, 7.0, 6)
    left = sms(message_id="5", account="test", registered_delivery=1)
    journal.receipt(Receipt(left, MessageState.DELIVERED, 1.0), 2.0)
    journal.commit()
    owed = [(receipt.sms.message_id, receipt.state, receipt.error) for receipt in Journal(store).left_over().receipts]
    assert owed == [("1", MessageState.DELIVERED, 0), ("4", MessageState.EXPIRED, 6)]


def test_what_is_owed_outlives_a_checkpoint(store, monkeypatch):
    monkeypatch.setattr("ussd_gateway.store.journal.CHECKPOINT", 2)
    journal = Journal(store)
    message = sms(message_id="1", account="test", registered_delivery=1)
    journal.under_way, journal.owed = tuple, lambda: [Receipt(message, MessageState.EXPIRED, 7.0, 6)]
    for number in range(2, 6):
        arrived(journal, str(number))
    (receipt,) = Journal(store).left_over().receipts
    assert (receipt.sms.message_id, receipt.state, receipt.done_at, receipt.error) == ("1", 3, 7.0, 6)
    assert Journal(store).left_over().messages == []
