"""The commands of SMPP 3.4, and of 5.0 what it adds: one class each, its rows the mandatory parameters in wire order.

Section numbers are those of 3.4, unless 5.0 is named.
"""

from __future__ import annotations

from typing import Self

from ussd_gateway.smpp.fields import CString, Integer, ListOf, Octet, OctetString, Structure
from ussd_gateway.smpp.pdu import GENERIC_NACK, HEADER, Pdu
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

# Section 4.1: bind, outbind and unbind ---------------------------------------------------------------------------


class _Bind(Pdu):
    system_id = CString(16, Status.ESME_RINVSYSID)
    password = CString(9, Status.ESME_RINVPASWD, secret=True)
    system_type = CString(13, Status.ESME_RINVSYSTYP)
    interface_version = Octet()
    addr_ton = Octet()
    addr_npi = Octet()
    address_range = CString(41)


class _SystemId(Pdu):
    system_id = CString(16)


class BindReceiver(_Bind, command_id=0x00000001):
    """4.1.3: binds to receive messages."""


class BindReceiverResp(_SystemId, command_id=0x80000001):
    """4.1.4."""


class BindTransmitter(_Bind, command_id=0x00000002):
    """4.1.1: binds to submit messages."""


class BindTransmitterResp(_SystemId, command_id=0x80000002):
    """4.1.2."""


class BindTransceiver(_Bind, command_id=0x00000009):
    """4.1.5: binds to do both."""


class BindTransceiverResp(_SystemId, command_id=0x80000009):
    """4.1.6."""


class Outbind(Pdu, command_id=0x0000000B):
    """4.1.7: the SMSC, which has connected to an ESME, asks it to bind. The bind is the answer; there is no response."""

    system_id = CString(16, Status.ESME_RINVSYSID)
    password = CString(9, Status.ESME_RINVPASWD, secret=True)


class Unbind(Pdu, command_id=0x00000006):
    """4.2.1: ends the bind."""


class UnbindResp(Pdu, command_id=0x80000006):
    """4.2.2."""


class GenericNack(Pdu, command_id=GENERIC_NACK):
    """4.3.1: answers what has no response of its own, or no sound header."""


# Sections 4.4 to 4.7: messages ------------------------------------------------------------------------------------


class SubmitSm(Pdu, command_id=0x00000004):
    """4.4.1: an ESME submits a message."""

    service_type = CString(6, Status.ESME_RINVSERTYP)
    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(21, Status.ESME_RINVSRCADR)
    dest_addr_ton = Octet()
    dest_addr_npi = Octet()
    destination_addr = CString(21, Status.ESME_RINVDSTADR)
    esm_class = Octet()
    protocol_id = Octet()
    priority_flag = Octet()
    schedule_delivery_time = CString(17, Status.ESME_RINVSCHED)
    validity_period = CString(17, Status.ESME_RINVEXPIRY)
    registered_delivery = Octet()
    replace_if_present_flag = Octet()
    data_coding = Octet()
    sm_default_msg_id = Octet()
    short_message = OctetString(Status.ESME_RINVMSGLEN)


class _MessageId(Pdu):
    message_id = CString(65, Status.ESME_RINVMSGID)


class SubmitSmResp(_MessageId, command_id=0x80000004):
    """4.4.2."""


class SmeAddress(Structure, flag=1):
    """An address that submit_multi sends to."""

    dest_addr_ton = Octet()
    dest_addr_npi = Octet()
    destination_addr = CString(21, Status.ESME_RINVDSTADR)


class DistributionList(Structure, flag=2):
    """A list of addresses that the SMSC keeps, by its name."""

    dl_name = CString(21, Status.ESME_RINVDLNAME)


class UnsuccessSme(Structure):
    """An address that submit_multi did not send to, and the command_status that says why."""

    dest_addr_ton = Octet()
    dest_addr_npi = Octet()
    destination_addr = CString(21, Status.ESME_RINVDSTADR)
    error_status_code = Integer(4)


class SubmitMulti(Pdu, command_id=0x00000021):
    """4.5.1: an ESME submits one message to many. 3.4 has at most 254 destinations, 5.0 what the octet holds."""

    service_type = CString(6, Status.ESME_RINVSERTYP)
    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(21, Status.ESME_RINVSRCADR)
    dest_address = ListOf[SmeAddress | DistributionList](
        "number_of_dests",
        SmeAddress,
        DistributionList,
        flag="dest_flag",
        least=1,
        status=Status.ESME_RINVNUMDESTS,
        flag_status=Status.ESME_RINVDESTFLAG,
    )
    esm_class = Octet()
    protocol_id = Octet()
    priority_flag = Octet()
    schedule_delivery_time = CString(17, Status.ESME_RINVSCHED)
    validity_period = CString(17, Status.ESME_RINVEXPIRY)
    registered_delivery = Octet()
    replace_if_present_flag = Octet()
    data_coding = Octet()
    sm_default_msg_id = Octet()
    short_message = OctetString(Status.ESME_RINVMSGLEN)


class SubmitMultiResp(_MessageId, command_id=0x80000021):
    """4.5.2: one message_id for all, and the destinations that were refused."""

    unsuccess_sme = ListOf[UnsuccessSme]("no_unsuccess", UnsuccessSme)


class DeliverSm(SubmitSm, command_id=0x00000005):
    """4.6.1: the SMSC delivers a message or a receipt; its rows are those of submit_sm."""


class DeliverSmResp(_MessageId, command_id=0x80000005):
    """4.6.2: message_id is unused and empty."""

    @classmethod
    def from_octets(cls, raw: bytes, command_status: int, sequence_number: int) -> Self:
        """The same as of any PDU, and quicker for what every receipt is answered with."""
        if raw[HEADER.size :] != b"\0":
            return super().from_octets(raw, command_status, sequence_number)
        pdu = cls.__new__(cls)
        pdu.values, pdu.tlvs, pdu.raw = (b"",), (), raw
        pdu.command_status, pdu.sequence_number = command_status, sequence_number
        return pdu


class DataSm(Pdu, command_id=0x00000103):
    """4.7.1: either side sends a message whose text is the TLV message_payload."""

    service_type = CString(6, Status.ESME_RINVSERTYP)
    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(65, Status.ESME_RINVSRCADR)
    dest_addr_ton = Octet()
    dest_addr_npi = Octet()
    destination_addr = CString(65, Status.ESME_RINVDSTADR)
    esm_class = Octet()
    registered_delivery = Octet()
    data_coding = Octet()


class DataSmResp(_MessageId, command_id=0x80000103):
    """4.7.2."""


# Sections 4.8 to 4.10: messages that were submitted before --------------------------------------------------------


class QuerySm(_MessageId, command_id=0x00000003):
    """4.8.1: an ESME asks what became of its message; the source is that of the message."""

    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(21, Status.ESME_RINVSRCADR)


class QuerySmResp(_MessageId, command_id=0x80000003):
    """4.8.2: final_date is empty until message_state is final; error_code is the network's."""

    final_date = CString(17)
    message_state = Octet()
    error_code = Octet()


class CancelSm(Pdu, command_id=0x00000008):
    """4.9.1: an ESME takes back a message, or without a message_id all from a source to a destination."""

    service_type = CString(6, Status.ESME_RINVSERTYP)
    message_id = CString(65, Status.ESME_RINVMSGID)
    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(21, Status.ESME_RINVSRCADR)
    dest_addr_ton = Octet()
    dest_addr_npi = Octet()
    destination_addr = CString(21, Status.ESME_RINVDSTADR)


class CancelSmResp(Pdu, command_id=0x80000008):
    """4.9.2."""


class ReplaceSm(_MessageId, command_id=0x00000007):
    """4.10.1: an ESME gives its message another text."""

    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(21, Status.ESME_RINVSRCADR)
    schedule_delivery_time = CString(17, Status.ESME_RINVSCHED)
    validity_period = CString(17, Status.ESME_RINVEXPIRY)
    registered_delivery = Octet()
    sm_default_msg_id = Octet()
    short_message = OctetString(Status.ESME_RINVMSGLEN)


class ReplaceSmResp(Pdu, command_id=0x80000007):
    """4.10.2."""


# Sections 4.11 and 4.12 -------------------------------------------------------------------------------------------


class EnquireLink(Pdu, command_id=0x00000015):
    """4.11.1: is the peer alive?"""


class EnquireLinkResp(Pdu, command_id=0x80000015):
    """4.11.2."""


class AlertNotification(Pdu, command_id=0x00000102):
    """4.12.1: the SMSC tells an ESME that a subscriber is within reach. It has no response."""

    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(65, Status.ESME_RINVSRCADR)
    esme_addr_ton = Octet()
    esme_addr_npi = Octet()
    esme_addr = CString(65)


# Cell broadcast: 5.0 sections 4.4 and 4.6 -------------------------------------------------------------------------


class BroadcastSm(Pdu, command_id=0x00000111):
    """5.0, 4.4: an ESME submits a message for everybody in an area."""

    mandatory_tlvs = (
        Tag.BROADCAST_AREA_IDENTIFIER,
        Tag.BROADCAST_CONTENT_TYPE,
        Tag.BROADCAST_REP_NUM,
        Tag.BROADCAST_FREQUENCY_INTERVAL,
    )

    service_type = CString(6, Status.ESME_RINVSERTYP)
    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(21, Status.ESME_RINVSRCADR)
    message_id = CString(65, Status.ESME_RINVMSGID)
    priority_flag = Octet()
    schedule_delivery_time = CString(17, Status.ESME_RINVSCHED)
    validity_period = CString(17, Status.ESME_RINVEXPIRY)
    replace_if_present_flag = Octet()
    data_coding = Octet()
    sm_default_msg_id = Octet()


class BroadcastSmResp(_MessageId, command_id=0x80000111):
    """5.0, 4.4."""


class QueryBroadcastSm(_MessageId, command_id=0x00000112):
    """5.0, 4.6: an ESME asks what became of a broadcast."""

    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(21, Status.ESME_RINVSRCADR)


class QueryBroadcastSmResp(_MessageId, command_id=0x80000112):
    """5.0, 4.6."""

    mandatory_tlvs = (Tag.MESSAGE_STATE, Tag.BROADCAST_AREA_IDENTIFIER, Tag.BROADCAST_AREA_SUCCESS)


class CancelBroadcastSm(Pdu, command_id=0x00000113):
    """5.0, 4.6: an ESME takes back a broadcast."""

    service_type = CString(6, Status.ESME_RINVSERTYP)
    message_id = CString(65, Status.ESME_RINVMSGID)
    source_addr_ton = Octet()
    source_addr_npi = Octet()
    source_addr = CString(21, Status.ESME_RINVSRCADR)


class CancelBroadcastSmResp(Pdu, command_id=0x80000113):
    """5.0, 4.6."""
