"""The journal: what is written down, what is hidden, and what comes back after a restart."""

import re
import sqlite3

import pytest

from ussd_gateway.coding.segments import Concatenation
from ussd_gateway.network.message import BEGIN, END, RELEASE, MessageState, Receipt, Sms, Ussd
from ussd_gateway.store.journal import MASK, Journal

SECRET = re.compile(r"(?<=Пароль: )\S+(?=\.)")


@pytest.fixture
def journal(store):
    return Journal(store, {"3339": SECRET})


def sms(text="Hi", source="shop", message_id="1", **given):
    data_coding = 8 if not text.isascii() else 0
    octets = text.encode("utf-16-be" if data_coding else "ascii")
    return Sms(source, "70001000001", octets, data_coding, message_id=message_id, submitted_at=5.0, **given)


def rows(store, columns):
    return store.own(f"SELECT {columns} FROM journal ORDER BY id")


def test_entries_keep_their_order_and_nothing_is_there_before_the_commit(store, journal):
    journal.sms(sms(), MessageState.DELIVERED, 1.0)
    journal.receipt(Receipt(sms(), MessageState.DELIVERED, 1.0), 1.0)
    journal.ussd(Ussd(BEGIN, "*111#", msisdn="70001000001", session="2"), 2.0)
    journal.event("esme.bound", 3.0, account="test", mode="transceiver")
    assert rows(store, "kind") == []
    journal.commit()
    assert rows(store, "at, kind") == [(1.0, "sms"), (1.0, "receipt"), (2.0, "ussd.begin"), (3.0, "esme.bound")]


def test_octets_are_kept_as_they_came(store, journal):
    journal.sms(sms("Да"), MessageState.DELIVERED, 1.0)
    journal.commit()
    assert rows(store, "data_coding, octets, state") == [(8, "Да".encode("utf-16-be"), 2)]


def test_r178_a_password_in_an_sms_is_never_written(store, journal):
    journal.sms(sms("Пароль: Ab3dE9xZ. Никому не говорите.", "3339"), MessageState.DELIVERED, 1.0)
    journal.sms(sms("Пароль: Ab3dE9xZ.", "shop"), MessageState.DELIVERED, 1.0)
    journal.commit()
    masked, other = (octets.decode("utf-16-be") for (octets,) in rows(store, "octets"))
    assert masked == f"Пароль: {MASK}. Никому не говорите."
    assert "Ab3dE9xZ" in other  # only self-care's own sender is masked


def test_r178_a_password_on_a_screen_is_never_written(store, journal):
    journal.ussd(Ussd(END, "Пароль: Ab3dE9xZ", secrets=("Ab3dE9xZ",)), 1.0)
    journal.commit()
    assert rows(store, "octets")[0][0].decode("utf-16-be") == f"Пароль: {MASK}"


def test_a_release_tells_its_outcome(store, journal):
    journal.ussd(Ussd(RELEASE, "", outcome="timeout"), 1.0)
    journal.commit()
    assert rows(store, "kind, facts") == [("ussd.release", '{"outcome": "timeout"}')]


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
    found = Journal(store).under_way()
    for old, new in zip((kept, part), found, strict=True):
        assert {name: getattr(new, name) for name in Sms.__slots__} == {
            name: getattr(old, name) for name in Sms.__slots__
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


def test_what_could_not_be_committed_is_kept_for_the_next_time(store, journal):
    journal.sms(sms(), MessageState.DELIVERED, 1.0)
    store.own("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(sqlite3.IntegrityError):
        journal.commit()
    store.own("DROP TRIGGER full")
    journal.commit()
    journal.commit()
    assert rows(store, "kind") == [("sms",)]


def test_one_that_arrived_or_expired_does_not(store, journal):
    for number, state in enumerate((MessageState.DELIVERED, MessageState.EXPIRED), 1):
        journal.sms(sms(message_id=str(number)), MessageState.ENROUTE, 1.0)
        journal.state(sms(message_id=str(number)), state, 2.0)
    journal.sms(sms(message_id="3"), MessageState.DELIVERED, 1.0)
    journal.commit()
    assert Journal(store).under_way() == []
    arrived = [(message.message_id, at) for message, at in Journal(store).recently_delivered(10)]
    assert arrived == [("3", 1.0), ("1", 2.0)]  # in the order of their arrival
    assert [message.message_id for message, _ in Journal(store).recently_delivered(1)] == ["3"]


def test_one_whose_text_was_hidden_can_never_be_delivered_and_says_so(store, journal):
    journal.sms(sms("Пароль: Ab3dE9xZ.", "3339"), MessageState.ENROUTE, 1.0)
    journal.commit()
    again = Journal(store)
    assert again.under_way() == []
    again.commit()
    assert rows(store, "kind, state")[-1] == ("sms.state", MessageState.UNDELIVERABLE)


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
    assert rows(store, "id, at, kind") == [(5, 9.0, "gateway.reset")]
    assert Journal(store).first_id == 6
