"""One connection: octets in any pieces to PDUs, and which command is allowed in which state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.commands import BindTransceiver, DeliverSm, EnquireLink, GenericNack, SubmitSm, Unbind
from ussd_gateway.smpp.connection import ALLOWED, BINDS, LONGEST_PDU, Connection, State
from ussd_gateway.smpp.errors import LostStreamError
from ussd_gateway.smpp.pdu import HEADER, PDUS, Pdu, UnparsedPdu
from ussd_gateway.smpp.status import Status

STREAM = b"".join(
    pdu.encode()
    for pdu in (
        BindTransceiver(sequence_number=1, system_id="test", password="test"),
        SubmitSm(sequence_number=2, destination_addr="70001000001", short_message=b"Hi"),
        EnquireLink(sequence_number=3),
        SubmitSm(sequence_number=4, destination_addr="1", tlvs=((0x0424, bytes(300)),)),
        Unbind(sequence_number=5),
    )
)


def fed(pieces: list[bytes]) -> list[int]:
    connection = Connection()
    return [pdu.sequence_number for piece in pieces for pdu in connection.receive_data(piece)]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8).map(sorted))
def test_a_stream_cut_anywhere_gives_the_same_pdus(cuts):
    pieces = [STREAM[start:end] for start, end in zip([0, *cuts], [*cuts, len(STREAM)], strict=True)]
    assert fed(pieces) == [1, 2, 3, 4, 5]


def test_a_stream_of_single_octets_gives_the_same_pdus():
    assert fed([bytes((octet,)) for octet in STREAM]) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("length", [0, 5, 15, LONGEST_PDU + 1, 0xFFFFFFFF])
def test_a_length_that_cannot_be_true_loses_the_stream_at_once(length):
    connection = Connection()
    octets = EnquireLink(sequence_number=3).encode() + length.to_bytes(4)
    pdus = connection.receive_data(octets)
    assert next(pdus) == EnquireLink(sequence_number=3)  # what came before is still good
    with pytest.raises(LostStreamError, match=f"command_length is {length}") as lost:
        next(pdus)
    assert lost.value.status is Status.ESME_RINVCMDLEN


@given(st.lists(st.binary(max_size=100), max_size=6))
def test_any_octets_are_pdus_or_a_lost_stream_and_nothing_else(pieces):
    connection = Connection()
    try:
        for piece in pieces:
            for pdu in connection.receive_data(piece):
                assert isinstance(pdu, Pdu | UnparsedPdu)
    except LostStreamError:
        pass


def test_the_longest_pdu_is_taken():
    pdu = SubmitSm(sequence_number=1, destination_addr="1", tlvs=((0x0424, bytes(65535)),))
    assert next(Connection().receive_data(pdu.encode())) == pdu


TABLE_2_1 = {
    # command: the states in which an ESME may send it (SMPP 3.4 table 2-1)
    "bind_receiver": "open",
    "bind_transmitter": "open",
    "bind_transceiver": "open",
    "unbind": "transmitter receiver transceiver",
    "submit_sm": "transmitter transceiver",
    "deliver_sm": "",
    "enquire_link": "open transmitter receiver transceiver unbound",
}


@pytest.mark.parametrize(("command", "states"), TABLE_2_1.items())
def test_a_command_is_refused_in_every_state_but_these(command, states):
    request = next(pdu() for pdu in PDUS.values() if pdu.command == command)
    for state in State:
        connection = Connection()
        connection.state = state
        allowed = state.value in states.split()
        assert (connection.refusal(request) is None) is allowed, state


def test_the_table_has_a_row_for_each_request():
    requests = {pdu.command for pdu in PDUS.values() if not pdu.command_id & 0x80000000}
    assert requests == set(TABLE_2_1)
    assert {PDUS[command_id].command for command_id in ALLOWED} <= requests


def test_a_second_bind_is_already_bound_and_an_early_submit_is_in_the_wrong_state():
    connection = Connection()
    assert connection.refusal(SubmitSm()) is Status.ESME_RINVBNDSTS
    connection.bind(BindTransceiver())
    assert connection.refusal(BindTransceiver()) is Status.ESME_RALYBND
    assert connection.refusal(DeliverSm()) is Status.ESME_RINVBNDSTS


@pytest.mark.parametrize("bind", [PDUS[command_id] for command_id in BINDS])
def test_only_receivers_and_transceivers_receive(bind):
    connection = Connection()
    connection.bind(bind())
    assert connection.receives is (bind.command != "bind_transmitter")


def test_after_an_unbind_nothing_but_the_close_is_left():
    connection = Connection()
    connection.bind(BindTransceiver())
    connection.unbind()
    assert connection.refusal(SubmitSm()) is Status.ESME_RINVBNDSTS
    assert not connection.receives


def test_responses_are_never_refused():
    assert Connection().refusal(GenericNack()) is None


def test_sequence_numbers_count_from_1_and_begin_again():
    connection = Connection()
    assert [connection.next_sequence_number() for _ in range(3)] == [1, 2, 3]
    connection._sequence_number = 0x7FFFFFFF
    assert connection.next_sequence_number() == 1


def test_a_header_alone_is_a_whole_pdu():
    assert fed([HEADER.pack(16, EnquireLink.command_id, 0, 9)]) == [9]
