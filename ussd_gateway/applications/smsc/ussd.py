"""The USSD codes of an ESME's account: dialogues of the network on one side, SMPP requests on the other.

How a message looks is the account's dialect (`smpp.ussd`); how a request reaches a bind is the account's business.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

from ussd_gateway.coding.data_coding import GSM7, Alphabet, decode_sms, encode_sms
from ussd_gateway.gateway import Gateway
from ussd_gateway.network.message import ABORT, ANSWER, ASK, BEGIN, END, HANG_UP, NOTIFY, RELEASE, Message, Ussd
from ussd_gateway.network.session import Outcome, SessionError, TextTooLongError
from ussd_gateway.smpp import ussd as smpp
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status

Request = Callable[[Callable[[int], bytes], Callable[[int | None], None]], bool]
"""Sends a request to a bind that receives. Its first argument makes the octets for a sequence_number; its second is
called once with the command_status of the response, or None when the connection was lost before. False: no bind can
take it."""

_REMEMBERED = 1000  # dialogues that ended without the ESME's doing, so that it may still answer them

_OPERATIONS = {smpp.ASK: ASK, smpp.NOTIFY: NOTIFY, smpp.END: END, smpp.ABORT: ABORT}


class _Dialogue:
    """One dialogue of the account, by its first message."""

    __slots__ = ("first", "last", "sequence", "session")

    def __init__(self, first: Ussd, session: int | None, sequence: int) -> None:
        self.first = first
        self.session = session
        self.sequence = sequence  # of the last message, whoever wrote it
        self.last = False  # the ESME asked for one answer more, and no other


class UssdCodes:
    """The endpoint of an account's codes; a handset has one dialogue at a time, so they are kept by msisdn.

    codes    service codes such as "*500#"; ValueError for one that is none, has an owner or fits no address
    request  hands a request to one of the account's binds
    marker   by what a message of the ESME is known to be USSD
    alphabet  what data_coding 0 means to it
    """

    def __init__(
        self,
        gateway: Gateway,
        dialect: smpp.Dialect,
        codes: tuple[str, ...],
        request: Request,
        *,
        marker: smpp.Marker = smpp.Marker.EITHER,
        alphabet: Alphabet = GSM7,
    ) -> None:
        self._gateway = gateway
        self._marker = marker
        self._alphabet = alphabet
        self._dialect = dialect
        self._codes = {code.strip("*#"): code for code in codes}
        self._request = request
        self._numbers = count()
        self._dialogues: dict[str, _Dialogue] = {}
        self._ended: dict[str, int | None] = {}  # sessions of dialogues that the ESME may answer too late, by msisdn
        for code in codes:
            if len(code.strip("*#")) > smpp.LONGEST_ADDRESS:
                raise ValueError(f"{code} has more than {smpp.LONGEST_ADDRESS} digits and stars; SMPP takes no more")
            gateway.directory.attach_code(code, self)

    # What the network delivers ---------------------------------------------------------------------------------------

    def deliver(self, message: Message) -> None:
        """Tells the ESME what became of a dialogue; where it cannot be told, the dialogue is aborted at once."""
        assert isinstance(message, Ussd)
        if message.operation is BEGIN:
            dialogue = self._open(message, self._dialect.session(next(self._numbers)))
            self._tell(dialogue, smpp.BEGIN, message.text)
            return
        found = self._dialogues.get(message.msisdn)
        if found is None or found.first.session != message.session:
            return
        if message.operation is ANSWER:
            self._tell(found, smpp.ANSWER, message.text)
            if found.last and self._dialogues.get(message.msisdn) is found:
                del self._dialogues[message.msisdn]
                self._gateway.submit(found.first.end())
        elif message.operation in (HANG_UP, RELEASE):
            self._close(found)
            notified = message.outcome == Outcome.SUCCESS  # of a push that wanted no answer
            self._tell(found, smpp.NOTIFIED if notified else smpp.RELEASE, "")

    def unbound(self) -> None:
        """Nobody is left to be told: every dialogue is aborted."""
        for dialogue in list(self._dialogues.values()):
            self._give_up(dialogue, Outcome.SYSTEM_FAILURE)

    def _open(self, first: Ussd, session: int | None, sequence: int = -2) -> _Dialogue:
        self._ended.pop(first.msisdn, None)
        dialogue = self._dialogues[first.msisdn] = _Dialogue(first, session, sequence)
        return dialogue

    def _close(self, dialogue: _Dialogue) -> None:
        """The user, the network or a lost bind has ended the dialogue, not the ESME."""
        del self._dialogues[dialogue.first.msisdn]
        if dialogue.first.operation is BEGIN:  # the session of a push is the ESME's own choice, and may come again
            self._ended[dialogue.first.msisdn] = dialogue.session
            if len(self._ended) > _REMEMBERED:
                del self._ended[next(iter(self._ended))]

    def _tell(self, dialogue: _Dialogue, event: smpp.Event, text: str) -> None:
        dialogue.sequence = smpp.next_sequence(dialogue.sequence)
        data_coding, octets = encode_sms(text, self._alphabet)
        unit = smpp.Unit(
            event,
            dialogue.first.msisdn,
            dialogue.first.service_code.strip("*#"),
            octets,
            data_coding,
            dialogue.session,
            dialogue.sequence,
            dialogue.last,
        )

        try:
            pdu = smpp.write(self._dialect, unit)
        except PduError:  # a number that no address field takes
            self._give_up(dialogue, Outcome.SYSTEM_FAILURE)
            return

        def encode(sequence_number: int) -> bytes:
            pdu.sequence_number = sequence_number
            return pdu.encode()

        def answered(status: int | None) -> None:
            if status != Status.ESME_ROK:
                self._give_up(dialogue, Outcome.SYSTEM_FAILURE if status is None else Outcome.ABORT_APP)

        if not self._request(encode, answered):
            self._give_up(dialogue, Outcome.SYSTEM_FAILURE)

    def _give_up(self, dialogue: _Dialogue, outcome: Outcome) -> None:
        if self._dialogues.get(dialogue.first.msisdn) is dialogue:
            self._close(dialogue)
            with suppress(SessionError):  # the network has ended it in this very moment
                self._gateway.submit(dialogue.first.abort(outcome))

    # What the ESME submits -------------------------------------------------------------------------------------------

    def takes(self, pdu: Any) -> bool:
        """Whether a submit_sm or data_sm is USSD."""
        return smpp.is_ussd(pdu, self._marker)

    def submit(self, pdu: Any) -> str:
        """The message_id for a submit_sm or data_sm of USSD; PduError with the status that refuses it.

        ESME_RMISSINGOPTPARAM   no ussd_service_op
        ESME_RINVPARLEN         ussd_service_op or the session has a wrong length
        ESME_RINVOPTPARAMVAL    an unknown ussd_service_op, or the session is not the one that is open
        ESME_RINVDSTADR         the msisdn is no number
        ESME_RINVSRCADR         a push from a code that the account does not own
        ESME_RINVMSGLEN         the text does not fit a USSD string; the dialogue goes on
        ESME_RSUBMITFAIL        the dialogue has ended, or it is the user's turn
        """
        unit = smpp.read_from_esme(self._dialect, pdu)
        dialogue = self._dialogues.get(unit.msisdn)
        if dialogue is None:
            return self._push(unit)
        if unit.session not in (None, dialogue.session):  # some ESMEs send none: the msisdn has to do
            raise PduError(f"session {unit.session} is not the one that is open", Status.ESME_RINVOPTPARAMVAL)
        first = dialogue.first
        message = Ussd(
            END if unit.event is smpp.NOTIFY and unit.last else _OPERATIONS[unit.event],
            self._text(unit),
            msisdn=first.msisdn,
            service_code=first.service_code,
            session=first.session,
        )
        before = dialogue.sequence, dialogue.last
        if unit.session is not None:
            dialogue.sequence = unit.sequence
        dialogue.last = unit.event is smpp.ASK and unit.last
        try:
            self._gateway.submit(message)
        except SessionError as error:
            dialogue.sequence, dialogue.last = before
            raise _refusal(error) from error
        if message.operation in (END, ABORT) and self._dialogues.get(unit.msisdn) is dialogue:
            del self._dialogues[unit.msisdn]
        return first.session

    def _push(self, unit: smpp.Unit) -> str:
        late = unit.msisdn in self._ended and unit.session in (None, self._ended[unit.msisdn])
        if late and unit.session is None:  # without a session a push looks the same: only the first one is late
            del self._ended[unit.msisdn]
        if late or unit.event not in (smpp.ASK, smpp.NOTIFY):
            raise PduError("the dialogue is not open any more", Status.ESME_RSUBMITFAIL)
        code = self._code(unit.service_code)
        message = Ussd(_OPERATIONS[unit.event], self._text(unit), msisdn=unit.msisdn, service_code=code)
        session = self._dialect.session(next(self._numbers)) if unit.session is None else unit.session
        dialogue = self._open(message, session, unit.sequence)
        dialogue.last = unit.event is smpp.ASK and unit.last
        try:
            self._gateway.push(message, self)
        except SessionError as error:
            del self._dialogues[unit.msisdn]
            raise _refusal(error) from error
        return message.session

    def _text(self, unit: smpp.Unit) -> str:
        return decode_sms(unit.octets, unit.data_coding, self._alphabet)

    def _code(self, address: str) -> str:
        """The code that a push comes from; the account's first one where the ESME names none."""
        digits = address.strip("*#")
        if not digits:
            return next(iter(self._codes.values()))
        if digits not in self._codes:
            raise PduError(f"source_addr {address!r} is no code of the account", Status.ESME_RINVSRCADR)
        return self._codes[digits]


def _refusal(error: SessionError) -> PduError:
    status = Status.ESME_RINVMSGLEN if isinstance(error, TextTooLongError) else Status.ESME_RSUBMITFAIL
    return PduError(str(error), status)
