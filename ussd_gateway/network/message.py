"""What travels between endpoints: Ussd, Sms and Receipt. Never changed once submitted."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from ussd_gateway.coding import data_coding as codings


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


class Ussd:
    """One message of a USSD dialogue.

    operation     what it does to the dialogue
    text          str; what is dialled, shown or typed
    msisdn        str of digits; the handset's number, set by the network for what an application sends in a session
    service_code  str such as "*111#"; the attached code that the network found, or the code that a push comes from
    session       str; the dialogue's id, "" before the network has given one
    inputs        tuple of str; in a BEGIN, what was dialled beyond the service code: *111*828*1# -> ("828", "1")
    outcome       str; in a RELEASE, why (see network.session.Outcome)
    data_coding   int; the CBS data coding scheme (3GPP 23.038 section 5) that the text needs: 15 GSM 7-bit, 72 UCS-2
    """

    __slots__ = ("_data_coding", "inputs", "msisdn", "operation", "outcome", "service_code", "session", "text")

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
        data_coding: int | None = None,
    ) -> None:
        self.operation = operation
        self.text = text
        self.msisdn = msisdn
        self.service_code = service_code
        self.session = session
        self.inputs = inputs
        self.outcome = outcome
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

    def ask(self, text: str) -> Ussd:
        """The reply that shows `text` and wants an answer."""
        return self._reply(ASK, text)

    def end(self, text: str = "") -> Ussd:
        """The reply that shows `text` and ends the dialogue."""
        return self._reply(END, text)

    def notify(self, text: str) -> Ussd:
        """The message that shows `text` within the dialogue and wants no answer."""
        return self._reply(NOTIFY, text)

    def abort(self) -> Ussd:
        """The message by which the application gives the dialogue up."""
        return self._reply(ABORT, "")

    def _reply(self, operation: Operation, text: str) -> Ussd:
        return Ussd(operation, text, msisdn=self.msisdn, service_code=self.service_code, session=self.session)

    def __repr__(self) -> str:
        return f"Ussd({self.operation.value}, {self.text!r}, msisdn={self.msisdn!r}, session={self.session!r})"
