"""One submit_sm to any SMSC, as an ESME sends it: `ussd-gateway send`."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from aiosmpplib import SmppCommandStatus, SubmitSm
from aiosmpplib.hook import AbstractHook
from aiosmpplib.protocol import DeliverSm, GenericNack, SmppMessage, SubmitSmResp
from aiosmpplib.state import SmppError

from ussd_gateway.esme import NO_LOG, Esme, phone_number

_PATIENCE = 10.0  # seconds for each answer


class SendError(Exception):
    """The message was not accepted; the message says by whom and what to do."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the SMSC said: its message_id, and the word of the receipt where one was asked for."""

    message_id: str
    receipt: str | None = None


class _Ear(AbstractHook):
    """Hears the answer and the receipt."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.response: asyncio.Future[str] = loop.create_future()
        self.receipt: asyncio.Future[str] = loop.create_future()
        self._early: dict[str, str] = {}  # receipts by message_id, of this message or of any that waited for the bind

    async def sending(self, smpp_message: SmppMessage, pdu: bytes, client_id: str) -> None:
        """Nothing to do before a PDU leaves."""

    async def received(self, smpp_message: SmppMessage | None, pdu: bytes, client_id: str) -> None:
        """A PDU came."""
        if isinstance(smpp_message, SubmitSmResp) and not isinstance(smpp_message, DeliverSm):
            if smpp_message.command_status is SmppCommandStatus.ESME_ROK:
                _settle(self.response, smpp_message.message_id)
                self._match()
            else:
                _fail(self.response, f"the SMSC refused the message: {smpp_message.command_status.name}")
        elif isinstance(smpp_message, GenericNack):
            _fail(self.response, f"the SMSC refused the message: {smpp_message.command_status.name}")
        elif isinstance(smpp_message, DeliverSm) and smpp_message.is_receipt():
            receipt = smpp_message.parse_receipt()
            self._early[str(receipt.get("id", ""))] = str(receipt.get("stat", "UNKNOWN"))
            self._match()

    def _match(self) -> None:
        if self.response.done() and not self.response.exception() and self.response.result() in self._early:
            _settle(self.receipt, self._early[self.response.result()])

    async def send_error(self, smpp_message: SmppMessage, error: Exception, client_id: str) -> None:
        """The message did not leave."""
        _fail(self.response, f"the message could not be sent: {error}")


async def send(
    source: str,
    destination: str,
    text: str,
    *,
    host: str,
    port: int,
    system_id: str,
    password: str,
    receipt: bool,
) -> Sent:
    """Bind, submit, and wait for the answer, and for the receipt where it is asked for; SendError otherwise."""
    ear = _Ear()
    esme = Esme(host, port, system_id, password, hook=ear, log_level=NO_LOG, log_handler=logging.NullHandler())
    running = None
    try:
        await _connect(esme)
        running = asyncio.create_task(esme.start())
        return await _submitted(esme, ear, source, destination, text, receipt)
    finally:
        if running:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        esme.hang_up()
        await asyncio.sleep(0)  # a transport closes its socket one turn after it is told to


async def _connect(esme: Esme) -> None:
    where = f"{esme.smsc_host}:{esme.smsc_port}"
    try:
        await asyncio.wait_for(esme.connect(), _PATIENCE)
    except SmppError as error:
        raise SendError(f"{esme.system_id} cannot bind to {where}: {error.command_status.name}") from error
    except (OSError, TimeoutError) as error:
        raise SendError(
            f"there is no SMSC at {where} ({error}); start one with `ussd-gateway serve`,"
            " or name it with --host and --port"
        ) from error


async def _submitted(esme: Esme, ear: _Ear, source: str, destination: str, text: str, receipt: bool) -> Sent:
    try:
        await esme.broker.enqueue(
            SubmitSm(
                short_message=text,
                source=phone_number(source),
                destination=phone_number(destination),
                registered_delivery=int(receipt),
            )
        )
        message_id = await asyncio.wait_for(ear.response, _PATIENCE)
        stat = await asyncio.wait_for(ear.receipt, _PATIENCE) if receipt else None
    except TimeoutError as error:
        if not ear.response.done():
            raise SendError(f"no answer from the SMSC within {_PATIENCE:g} s") from error
        raise SendError(
            f"the SMSC has taken the message as {ear.response.result()}, but no receipt came within {_PATIENCE:g} s;"
            f" another bind of {esme.system_id} may have got it"
        ) from error
    return Sent(message_id, stat)


def _settle(future: asyncio.Future[str], value: str) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: asyncio.Future[str], reason: str) -> None:
    if not future.done():
        future.set_exception(SendError(reason))
