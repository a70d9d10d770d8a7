"""PDUs as a reader of the stream is told of them."""

import pytest

from ussd_gateway.api.pdus import SLICE, Pdus
from ussd_gateway.applications.smsc.capture import Line
from ussd_gateway.smpp.commands import EnquireLink, EnquireLinkResp

LINE = Line(7, ("127.0.0.1", 40000), ("127.0.0.1", 2775))
PING = EnquireLink(sequence_number=3).encode()


@pytest.fixture
def news():
    return []


@pytest.fixture
def pdus(news):
    return Pdus(lambda: 5.0, lambda: news.append("news"), most=SLICE + 10)


def test_a_pdu_says_when_where_and_what(pdus, news):
    pdus.add(LINE, "test", True, PING)
    assert news == ["news"]
    assert pdus.take() == [
        (
            None,
            "pdu",
            {
                "at": 5.0,
                "connection": 7,
                "system_id": "test",
                "direction": "to_esme",
                "command": "enquire_link",
                "command_id": "0x00000015",
                "sequence_number": 3,
                "command_status": "ESME_ROK",
                "parameters": {},
                "tlvs": [],
            },
        )
    ]
    assert pdus.take() == []


def test_who_is_not_bound_has_no_system_id(pdus):
    pdus.add(LINE, "", False, PING)
    ((_, _, told),) = pdus.take()
    assert (told["system_id"], told["direction"]) == (None, "to_smsc")


WRONG = {
    "twice": (PING * 2, ["enquire_link", "enquire_link"]),
    "with octets behind it": (PING + b"\1\2", ["enquire_link", "command_length is 258 and 2 octets were sent"]),
    "cut short": (PING[:-1], ["command_length is 16 and 15 octets were sent"]),
    "with a length that cannot be": (b"\0\0\0\2" + PING[4:], ["command_length is 2 and 16 octets were sent"]),
    "with a command nobody knows": (
        PING[:4] + b"\0\0\1\xff" + PING[8:],
        ["command_id 0x000001FF is unknown"],
    ),
}


@pytest.mark.parametrize(("octets", "seen"), WRONG.values(), ids=WRONG)
def test_what_a_fault_makes_of_a_pdu_is_shown(pdus, octets, seen):
    pdus.add(LINE, "test", True, octets)
    told = [event for _, _, event in pdus.take()]
    assert [event["error"]["seen"] if "error" in event else event["command"] for event in told] == seen
    assert all(event["connection"] == 7 for event in told)


def test_the_oldest_go_and_their_number_is_told(pdus):
    for number in range(1, SLICE + 13):
        pdus.add(LINE, "test", True, EnquireLinkResp(sequence_number=number).encode())
    gap, *first = pdus.take()
    assert gap == (None, "gap", {"missing": 2, "kind": "pdu"})
    assert [told["sequence_number"] for _, _, told in first] == list(range(3, 3 + SLICE))
    assert [told["sequence_number"] for _, _, told in pdus.take()] == list(range(3 + SLICE, SLICE + 13))


def test_what_one_slice_leaves_is_news_again(pdus, news):
    for _ in range(SLICE + 1):
        pdus.add(LINE, "test", True, PING)
    news.clear()
    pdus.take()
    assert news == ["news"]
    pdus.take()
    assert news == ["news"]
