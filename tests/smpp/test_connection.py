"""One connection: octets in any pieces to PDUs, and which command is allowed in which state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.commands import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    EnquireLink,
    GenericNack,
    SubmitSm,
    Unbind,
)
from ussd_gateway.smpp.connection import ALLOWED, BINDS, LONGEST_PDU, SENDERS, Connection, State, commands_table
from ussd_gateway.smpp.errors import LostStreamError
from ussd_gateway.smpp.pdu import HEADER, PDUS, RESPONSE, Pdu, UnparsedPdu
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


BOUND_TO_SUBMIT = "transmitter transceiver"
BOUND_TO_RECEIVE = "receiver transceiver"
ALWAYS = "open outbound transmitter receiver transceiver unbound"

TABLE_2_1 = {
    # command: the states in which an ESME may send it, and those in which the SMSC may (SMPP 3.4 table 2-1, and 5.0)
    "bind_receiver": ("open outbound", ""),
    "bind_transmitter": ("open", ""),
    "bind_transceiver": ("open outbound", ""),
    "outbind": ("", "open"),
    "unbind": ("transmitter receiver transceiver", "transmitter receiver transceiver"),
    "submit_sm": (BOUND_TO_SUBMIT, ""),
    "submit_multi": (BOUND_TO_SUBMIT, ""),
    "data_sm": (BOUND_TO_SUBMIT, BOUND_TO_RECEIVE),
    "deliver_sm": ("", BOUND_TO_RECEIVE),
    "query_sm": (BOUND_TO_SUBMIT, ""),
    "cancel_sm": (BOUND_TO_SUBMIT, ""),
    "replace_sm": (BOUND_TO_SUBMIT, ""),
    "alert_notification": ("", BOUND_TO_RECEIVE),
    "broadcast_sm": (BOUND_TO_SUBMIT, ""),
    "query_broadcast_sm": (BOUND_TO_SUBMIT, ""),
    "cancel_broadcast_sm": (BOUND_TO_SUBMIT, ""),
    "enquire_link": (ALWAYS, ALWAYS),
}


@pytest.mark.parametrize(("command", "states"), [(command, esme) for command, (esme, _) in TABLE_2_1.items()])
def test_a_command_is_refused_in_every_state_but_these(command, states):
    request = next(pdu() for pdu in PDUS.values() if pdu.command == command)
    for state in State:
        connection = Connection()
        connection.state = state
        allowed = state.value in states.split()
        assert (connection.refusal(request) is None) is allowed, state


@pytest.mark.parametrize(("pdu", "senders"), SENDERS.items(), ids=lambda pdu: getattr(pdu, "command", ""))
def test_the_table_knows_both_sides(pdu, senders):
    esme, smsc = TABLE_2_1.get(pdu.command, (ALWAYS, ALWAYS))
    assert senders.esme == {State(state) for state in esme.split()}
    assert senders.smsc == {State(state) for state in smsc.split()}


def test_the_table_has_a_row_for_each_request():
    requests = {pdu.command for pdu in PDUS.values() if not pdu.command_id & RESPONSE}
    assert requests == set(TABLE_2_1)
    assert {PDUS[command_id].command for command_id in ALLOWED} == requests
    assert {pdu.command for pdu in SENDERS} == requests | {"generic_nack"}


def test_the_table_is_drawn():
    drawn = commands_table().splitlines()
    assert drawn[0] == "| command | command_id | OPEN | OUTBOUND | BOUND_TX | BOUND_RX | BOUND_TRX | UNBOUND |"
    assert "| data_sm | 0x00000103 |  |  | ESME | SMSC | both |  |" in drawn
    assert len(drawn) == 2 + len(SENDERS)


def test_after_an_outbind_the_esme_binds_to_receive():
    connection = Connection()
    connection.outbind()
    assert connection.refusal(BindTransmitter()) is Status.ESME_RINVBNDSTS
    assert connection.refusal(SubmitSm()) is Status.ESME_RINVBNDSTS
    assert connection.refusal(BindReceiver()) is None
    connection.bind(BindReceiver())
    assert connection.receives


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
