"""The commands of SMPP 3.4: one class each, its rows the mandatory parameters in wire order (section 4)."""

from __future__ import annotations

from ussd_gateway.smpp.fields import CString, Octet, OctetString
from ussd_gateway.smpp.pdu import GENERIC_NACK, Pdu
from ussd_gateway.smpp.status import Status

# Section 4.1: bind, outbind and unbind ---------------------------------------------------------------------------


class _Bind(Pdu):
    system_id = CString(16, Status.ESME_RINVSYSID)
    password = CString(9, Status.ESME_RINVPASWD)
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


class Unbind(Pdu, command_id=0x00000006):
    """4.2.1: ends the bind."""


class UnbindResp(Pdu, command_id=0x80000006):
    """4.2.2."""


class GenericNack(Pdu, command_id=GENERIC_NACK):
    """4.3.1: answers what has no response of its own, or no sound header."""


# Section 4.4 and 4.6: messages -----------------------------------------------------------------------------------


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


class DeliverSm(SubmitSm, command_id=0x00000005):
    """4.6.1: the SMSC delivers a message or a receipt; its rows are those of submit_sm."""


class DeliverSmResp(_MessageId, command_id=0x80000005):
    """4.6.2: message_id is unused and empty."""


# Section 4.11: enquire_link --------------------------------------------------------------------------------------


class EnquireLink(Pdu, command_id=0x00000015):
    """4.11.1: is the peer alive?"""


class EnquireLinkResp(Pdu, command_id=0x80000015):
    """4.11.2."""
