"""What travels between endpoints: Ussd, Sms, Receipt and Alert. Never changed once the network has accepted it."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import Protocol, cast

import msgspec

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding.data_coding import GSM7, Alphabet
from ussd_gateway.coding.segments import Concatenation, parse_udh
from ussd_gateway.coding.user_data import UserData, text_of


class Operation(StrEnum):
    """What a Ussd message does to its dialogue; in brackets the operation of 3GPP 24.080 it stands for."""

    BEGIN = "begin"  # handset: dialled (processUnstructuredSS-Request)
    ANSWER = "answer"  # handset: typed an answer (result of unstructuredSS-Request)
    HANG_UP = "hang_up"  # handset: the user cancelled (RELEASE COMPLETE)
    ASK = "ask"  # application: text, and an answer is wanted (unstructuredSS-Request)
    NOTIFY = "notify"  # application: text, no answer wanted (unstructuredSS-Notify)
    END = "end"  # application: the final text (result of processUnstructuredSS-Request)
    ABORT = "abort"  # application: gives the dialogue up without a text
    RELEASE = "release"  # network: the dialogue is over, and `outcome` says why


BEGIN, ANSWER, HANG_UP = Operation.BEGIN, Operation.ANSWER, Operation.HANG_UP
ASK, NOTIFY, END, ABORT = Operation.ASK, Operation.NOTIFY, Operation.END, Operation.ABORT
RELEASE = Operation.RELEASE

_FIELD = re.compile(r"[^*#]+")  # of a dialled string


class Ussd:
    """One message of a USSD dialogue.

    operation     what it does to the dialogue
    text          str; what is dialled, shown or typed
    msisdn        str of digits; the handset's number, set by the network for what an application sends in a session
    service_code  str such as "*111#"; the attached code that the network found, or the code that a push comes from
    session       str; the dialogue's id, "" before the network has given one
    inputs        tuple of str; in a BEGIN, what was dialled beyond the service code: *111*828*1# -> ("828", "1")
    outcome       str; in a RELEASE, and perhaps in an ABORT, why (see network.session.Outcome)
    secrets       tuple of str; the parts of the text that no record may show
    data_coding   int; the CBS data coding scheme (3GPP 23.038 section 5) that the text needs: 15 GSM 7-bit, 72 UCS-2
    """

    __slots__ = (
        "_data_coding",
        "inputs",
        "msisdn",
        "operation",
        "outcome",
        "secrets",
        "service_code",
        "session",
        "text",
    )

    def __init__(
        self,
        operation: Operation,
        text: str = "",
        *,
        msisdn: str = "",
        service_code: str = "",
        session: str = "",
        inputs: tuple[str, ...] = (),
        outcome: str = "",
        secrets: tuple[str, ...] = (),
        data_coding: int | None = None,
    ) -> None:
        self.operation = operation
        self.text = text
        self.msisdn = msisdn
        self.service_code = service_code
        self.session = session
        self.inputs = inputs
        self.outcome = outcome
        self.secrets = secrets
        self._data_coding = data_coding

    @property
    def data_coding(self) -> int:
        """The CBS data coding scheme; worked out from the text unless the sender chose it."""
        if self._data_coding is None:
            self._data_coding = codings.ussd_data_coding(self.text)
        return self._data_coding

    @property
    def octets(self) -> bytes:
        """The text as `data_coding` has it: one septet an octet for GSM 7-bit, big-endian for UCS-2."""
        return codings.encode_ussd(self.text, self.data_coding)

    def masked(self, mask: str) -> str:
        """The text as a record may show it, with `mask` in the place of each secret.

        What was dialled is masked field by field, *170*1*1234# becomes *170*1*{mask}#, and its service code never.
        """
        if not self.secrets:
            return self.text
        if self.text in self.secrets:
            return mask
        if self.operation is BEGIN:
            code = self.service_code.removesuffix("#")
            behind = len(code) if self.text.startswith(code) else 0
            return self.text[:behind] + _FIELD.sub(
                lambda field: mask if field[0] in self.secrets else field[0], self.text[behind:]
            )
        text = self.text
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):  # one may be a part of another
            text = text.replace(secret, mask)
        return text

    def ask(self, text: str) -> Ussd:
        """The reply that shows `text` and wants an answer."""
        return self._reply(ASK, text)

    def end(self, text: str = "") -> Ussd:
        """The reply that shows `text` and ends the dialogue."""
        return self._reply(END, text)

    def notify(self, text: str) -> Ussd:
        """The message that shows `text` within the dialogue and wants no answer."""
        return self._reply(NOTIFY, text)

    def abort(self, outcome: str = "") -> Ussd:
        """The message by which the application gives the dialogue up, for a reason of its own or one of Outcome."""
        reply = self._reply(ABORT, "")
        reply.outcome = outcome
        return reply

    def _reply(self, operation: Operation, text: str) -> Ussd:
        return Ussd(operation, text, msisdn=self.msisdn, service_code=self.service_code, session=self.session)

    def __repr__(self) -> str:
        return f"Ussd({self.operation.value}, {self.masked('********')!r}, msisdn={self.msisdn!r}, session={self.session!r})"


class MessageState(IntEnum):
    """The states of an SMS, numbered as message_state is in SMPP 3.4 section 5.2.28; SCHEDULED is SMPP 5.0's."""

    SCHEDULED = 0
    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8


def state_name(state: int) -> str:
    """The name of a state of a message; its number when it has none."""
    try:
        return MessageState(state).name
    except ValueError:
        return str(state)


UNDER_WAY = frozenset((MessageState.SCHEDULED, MessageState.ENROUTE))
"""The states that another one follows; all others are final."""

INTERMEDIATE = 0x10  # the bit of registered_delivery that asks for an intermediate notification (5.2.17)
UDHI = 0x40  # the bit of esm_class that says a user data header is there (SMPP 3.4 section 5.2.12)


class Sms(msgspec.Struct, array_like=True, eq=False, gc=False):
    """One SMS as it was submitted, or one part of a long one.

    source, destination   str; numbers are digits in international form without "+", names are as they came
    octets                bytes; the user data, its header in front where `esm_class` says so
    data_coding           int; as in SMPP 3.4 section 5.2.19
    concatenation         which part of which long message this is, by its header or its SAR parameters; None for a whole
    expires_at            float; when the network gives up, set by the network where the sender named no time; 0 for what
                          was delivered at once
    account               str; the system_id of the ESME that submitted it, "" for a handset
    message_id            str; set by the network
    submitted_at          float; seconds since the epoch, set by the network
    tlvs                  tuple of (tag, octets); the optional parameters that the network itself has no use for
    default_alphabet      what data_coding 0 means to the sender, one of coding.data_coding.DEFAULT_ALPHABETS
    scheduled_at          float; when delivery begins, 0 for at once
    priority              int; what has a higher one is handed over first among what waits
    service_type          str; as in SMPP 3.4 section 5.2.11
    replace_if_present    bool; whether it takes the place of what waits with the same addresses and service_type
    origin                int; the number of the connection that submitted it, 0 for none; the network only carries it
    group_id              str; the message_id of the first of several messages that an ESME submitted as one, "" otherwise
    """

    # A Struct because it is made, and later written into the journal, in C: most of the messages see no more than that.
    source: str
    destination: str
    octets: bytes
    data_coding: int = 0
    esm_class: int = 0
    protocol_id: int = 0
    registered_delivery: int = 0
    concatenation: Concatenation | None = None
    expires_at: float = 0.0
    account: str = ""
    message_id: str = ""
    submitted_at: float = 0.0
    tlvs: tuple[tuple[int, bytes], ...] = ()
    default_alphabet: Alphabet = GSM7
    scheduled_at: float = 0  # no 0.0, which takes nine octets in the journal
    priority: int = 0
    service_type: str = ""
    replace_if_present: bool = False
    origin: int = 0
    group_id: str = ""

    @property
    def known_id(self) -> str:
        """The message_id that the ESME knows; receipts carry it."""
        return self.group_id or self.message_id

    def rewritten(
        self,
        octets: bytes,
        *,
        registered_delivery: int | None = None,
        expires_at: float = 0.0,
        scheduled_at: float = 0.0,
    ) -> Sms:
        """The same message with what replace_sm changes (SMPP 3.4 section 4.10); 0.0 and None leave a thing as it is."""
        return msgspec.structs.replace(
            self,
            octets=octets,
            concatenation=parse_udh(octets)[0] if self.esm_class & UDHI else self.concatenation,
            registered_delivery=self.registered_delivery if registered_delivery is None else registered_delivery,
            expires_at=expires_at or self.expires_at,
            scheduled_at=scheduled_at or self.scheduled_at,
        )

    def wants_receipt(self, state: MessageState) -> bool:
        """Whether the sender asked for a receipt of this final state (SMPP 3.4 section 5.2.17)."""
        asked = self.registered_delivery & 0x03
        if asked == 1:
            return True
        # 2 asks for failures; 3, reserved in 3.4, asks for successes in 5.0 (4.7.21)
        return bool(asked) and (asked == 3) is (state is MessageState.DELIVERED)

    @property
    def content(self) -> bytes:
        """The octets behind the user data header."""
        return self.octets[parse_udh(self.octets)[1] :] if self.esm_class & UDHI else self.octets

    @property
    def user_data(self) -> UserData:
        """The octets with what says how to read them."""
        return UserData(self.octets, self.data_coding, bool(self.esm_class & UDHI), self.default_alphabet)

    @property
    def text(self) -> str:
        """The text of this part."""
        if self.esm_class & UDHI:
            return text_of((self.user_data,))
        return codings.decode_sms(self.octets, self.data_coding, self.default_alphabet)

    def __repr__(self) -> str:
        return f"Sms({self.source!r} to {self.destination!r}, {len(self.octets)} octets, id {self.message_id!r})"


class Receipt(msgspec.Struct, eq=False, gc=False):
    """What became of an Sms, for the ESME that submitted it.

    state         a final one; ENROUTE in an intermediate notification
    error         int; the MAP user error (3GPP 29.002) of the attempt that failed, 0 for none
    intermediate  bool; the message is still under way (SMPP 3.4 section 5.2.17)
    """

    sms: Sms
    state: MessageState
    done_at: float
    error: int = 0
    intermediate: bool = False


class Alert(msgspec.Struct, eq=False, gc=False):
    """A handset can be reached again, for the account that asked to be told (SMPP 3.4 section 4.12)."""

    msisdn: str
    account: str


Message = Ussd | Sms | Receipt | Alert


class Endpoint(Protocol):
    """A handset or an application: it has an address, and the network delivers messages to it."""

    def deliver(self, message: Message) -> None:
        """Take a message; returns at once."""


class Discreet(Endpoint, Protocol):
    """An application that knows which parts of what a user types no record may show."""

    def secrets(self, message: Ussd) -> tuple[str, ...]:
        """Those of a BEGIN or an ANSWER to it, which comes here before it is written down; deliver() follows.

        Of an ANSWER any parts of the text, of a BEGIN whole fields between its stars. When this raises, no record shows
        the text at all.
        """


def discreet(application: Endpoint) -> Discreet | None:
    """The application, if it has secrets."""
    return cast(Discreet, application) if hasattr(application, "secrets") else None


Delivery = tuple[Endpoint, Message]
"""An effect of the network: hand the message to the endpoint. A plain tuple, since each message makes one."""
