"""Entries of the journal as octets."""

import msgspec
import pytest

from ussd_gateway.network.message import MessageState, Sms
from ussd_gateway.store import entries
from ussd_gateway.store.entries import EventEntry, ReceiptEntry, SmsEntry, StateEntry, UssdEntry

ENTRIES = [
    StateEntry(2.0, "1", MessageState.EXPIRED),
    ReceiptEntry(3.0, "1", MessageState.EXPIRED, "test"),
    UssdEntry(4.0, "release", "70001000001", "*111#", "7", 15, b"\x04\x00", "timeout"),
    EventEntry(5.0, "esme.bound", "test", {"mode": "receiver", "since": 1.5}),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.kind)
def test_an_entry_is_read_as_it_was_written(entry):
    assert entries.decode(entries.encode([entry])) == [entry]


def test_a_message_is_read_as_it_was_written():
    sms = Sms("shop", "70001000001", b"\xff\x00", 4, message_id="1", tlvs=((0x1400, b"\x01"),), expires_at=9.0)
    (entry,) = entries.decode(entries.encode([SmsEntry(1.0, MessageState.ENROUTE, sms, masked=True)]))
    assert (entry.at, entry.state, entry.masked) == (1.0, MessageState.ENROUTE, True)
    assert msgspec.structs.astuple(entry.sms) == msgspec.structs.astuple(sms)


@pytest.mark.parametrize("kind", ["sms", "sms.state", "receipt", "ussd.begin", "esme.bound"])
def test_the_kind_says_what_happened(kind):
    made = {
        "sms": SmsEntry(1.0, 2, Sms("1", "2", b"")),
        "sms.state": StateEntry(1.0, "1", 2),
        "receipt": ReceiptEntry(1.0, "1", 2, "test"),
        "ussd.begin": UssdEntry(1.0, "begin", "7", "*1#", "1", 15, b""),
        "esme.bound": EventEntry(1.0, "esme.bound", None, {}),
    }
    (entry,) = entries.decode(entries.encode([made[kind]]))
    assert entry.kind == kind


# Octets, what is read in their place
ODD = {
    "a longer entry": (["sms.state", 2.0, "1", 3, 0, "added", {"later": 1}], StateEntry(2.0, "1", 3)),
    "an unknown tag": (["sms.sold", 2.0, 5], ("sms.sold", 2.0)),
    "another type": (["sms.state", 2.0, ["1"], 3], ("sms.state", 2.0)),
    "no entry": (7, (None, 0.0)),
}


@pytest.mark.parametrize(("octets", "read"), ODD.values(), ids=ODD)
def test_what_a_newer_version_wrote_takes_nothing_else_with_it(octets, read):
    known = ReceiptEntry(3.0, "1", 3, "test")
    block = msgspec.msgpack.encode([known, octets, known])
    before, odd, after = entries.decode(block)
    assert (before, after) == (known, known)
    if isinstance(odd, EventEntry):
        assert odd.kind == entries.UNREADABLE
        odd = odd.facts.get("tag"), odd.at
    assert odd == read


@pytest.mark.parametrize("block", [b"", b"\xc1", b"\x93\x01", b"junk"])
def test_octets_that_are_no_block_are_one_entry_that_says_so(block):
    (entry,) = entries.decode(block)
    assert entry.kind == entries.UNREADABLE


def test_an_entry_that_no_octets_can_say_takes_no_other_with_it():
    halved = UssdEntry(4.0, "begin", "7", "*1\ud83d#", "7", 15, b"")
    known = StateEntry(2.0, "1", 3)
    before, instead, after = entries.decode(entries.encode([known, halved, known]))
    assert (before, after) == (known, known)
    assert (instead.kind, instead.at, instead.facts["kind"]) == (entries.UNWRITABLE, 4.0, "ussd.begin")
