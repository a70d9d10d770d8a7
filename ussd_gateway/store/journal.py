"""The journal: rows are gathered as they happen and written by one statement at the end of the turn."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding.segments import Concatenation, parse_udh
from ussd_gateway.network.message import UDHI, MessageState, Operation, Receipt, Sms, Ussd
from ussd_gateway.store.store import Store

MASK = "********"

_INSERT = (
    "INSERT INTO journal (at, kind, source, destination, account, reference, state, data_coding, octets, facts)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SMS = "SELECT source, destination, account, reference, data_coding, octets, facts, at FROM journal WHERE kind = 'sms'"
"""Rows as `_sms_from_row` takes them."""
_KINDS = {operation: f"ussd.{operation.value}" for operation in Operation}
_UNDER_WAY = (int(MessageState.ENROUTE), int(MessageState.ACCEPTED))


class Journal:
    """The record of all that passed.

    masks   by the source of an SMS, the pattern of what no record may show of its text (R178)
    """

    def __init__(self, store: Store, masks: Mapping[str, re.Pattern[str]] | None = None) -> None:
        self._store = store
        self._masks = masks or {}
        self._rows: list[tuple[Any, ...]] = []
        # Every number given out has at least one row of its own, so that none is given twice.
        self.first_id = self.entries() + 1

    def ussd(self, message: Ussd, now: float) -> None:
        """A USSD message was accepted from a party, or made by the network."""
        text, data_coding = message.text, message.data_coding
        for secret in message.secrets:
            text = text.replace(secret, MASK)
        facts = f'{{"outcome": "{message.outcome}"}}' if message.outcome else None
        self._rows.append(
            (
                now,
                _KINDS[message.operation],
                message.msisdn,
                message.service_code,
                None,
                message.session,
                None,
                data_coding,
                codings.encode_ussd(text, data_coding),
                facts,
            )
        )

    def sms(self, sms: Sms, state: MessageState, now: float) -> None:
        """An SMS was accepted, and is in this state."""
        data_coding, octets = sms.data_coding, sms.octets
        masked = sms.source in self._masks
        if masked:
            data_coding, octets = self._masked(sms)
        facts = ""
        if masked or sms.tlvs or sms.concatenation or state is not MessageState.DELIVERED:
            facts = _sms_facts(sms, masked)
        elif sms.esm_class or sms.registered_delivery or sms.protocol_id:
            facts = _flags(sms.esm_class, sms.registered_delivery, sms.protocol_id)
        self._rows.append(
            (
                now,
                "sms",
                sms.source,
                sms.destination,
                sms.account,
                sms.message_id,
                int(state),
                data_coding,
                bytearray(octets),  # sqlite3 looks for an adapter for bytes and None, which takes longer than this copy
                facts,
            )
        )

    def state(self, sms: Sms, state: MessageState, now: float) -> None:
        """An SMS came to another state."""
        self._rows.append((now, "sms.state", None, None, None, sms.message_id, int(state), None, None, None))

    def receipt(self, receipt: Receipt, now: float) -> None:
        """A receipt left for the ESME that asked for it."""
        sms = receipt.sms
        self._rows.append(
            (now, "receipt", None, None, sms.account, sms.message_id, int(receipt.state), None, None, None)
        )

    def event(self, kind: str, now: float, *, account: str | None = None, **facts: object) -> None:
        """Anything else that happened, such as esme.bound; `facts` hold no secret."""
        self._rows.append(
            (now, kind, None, None, account, None, None, None, None, json.dumps(facts, ensure_ascii=False))
        )

    def commit(self) -> None:
        """Everything recorded so far, and what self-care wrote beside it, is kept from now on."""
        if self._rows:
            with self._store.together():
                self._store.write_many(_INSERT, self._rows)
            self._rows = []  # from here on the store answers for them; after a failure they are still here
        self._store.commit()

    def entries(self) -> int:
        """How many entries were ever committed."""
        return int(self._store.read("SELECT coalesce(max(id), 0) FROM journal")[0][0])

    def clear(self, now: float) -> None:
        """Forget all that was recorded; no number is given out a second time."""
        self.commit()
        last = self.entries()
        self._store.write("DELETE FROM journal")
        # Entries are numbered from the last one on, also by the next program that opens the file.
        self._store.write("INSERT INTO journal (id, at, kind) VALUES (?, ?, 'gateway.reset')", (last + 1, now))

    def under_way(self) -> list[Sms]:
        """The messages that had no final state when the gateway stopped, oldest first; it is asked once, at the start.

        A message whose text was masked cannot be delivered any more: it becomes UNDELIVERABLE here.
        """
        rows = self._store.read(
            f"{_SMS} AND state IN (?, ?) AND reference NOT IN"  # noqa: S608 - constants
            " (SELECT reference FROM journal WHERE kind = 'sms.state' AND state NOT IN (?, ?)) ORDER BY id",
            _UNDER_WAY * 2,
        )
        kept = []
        for row in rows:
            sms, masked = _sms_from_row(row)
            if masked:
                self.state(sms, MessageState.UNDELIVERABLE, sms.submitted_at)
            else:
                kept.append(sms)
        return kept

    def recently_delivered(self, limit: int) -> list[tuple[Sms, float]]:
        """The last messages that were delivered, with the moment, in the order of their arrival."""
        later = dict(
            self._store.read(
                "SELECT reference, at FROM journal WHERE kind = 'sms.state' AND state = ?",
                (int(MessageState.DELIVERED),),
            )
        )
        rows = self._store.read(
            f"{_SMS} AND (state = ? OR reference IN"  # noqa: S608 - constants
            " (SELECT reference FROM journal WHERE kind = 'sms.state' AND state = ?)) ORDER BY id DESC LIMIT ?",
            (int(MessageState.DELIVERED), int(MessageState.DELIVERED), limit),
        )
        messages = (_sms_from_row(row)[0] for row in reversed(rows))
        arrived = [(sms, later.get(sms.message_id, sms.submitted_at)) for sms in messages]
        return sorted(arrived, key=lambda pair: pair[1])

    def _masked(self, sms: Sms) -> tuple[int, bytes]:
        data_coding, content = codings.encode_sms(self._masks[sms.source].sub(MASK, sms.text))
        header = sms.octets[: len(sms.octets) - len(sms.content)]
        return data_coding, header + content


@lru_cache(maxsize=1024)
def _flags(esm_class: int, registered_delivery: int, protocol_id: int) -> str:
    """The facts of a message that arrived at once: the same for thousands of them."""
    flags = {"esm_class": esm_class, "registered_delivery": registered_delivery, "protocol_id": protocol_id}
    return json.dumps({name: value for name, value in flags.items() if value})


def _sms_facts(sms: Sms, masked: bool) -> str:
    facts: dict[str, Any] = {"expires_at": sms.expires_at}
    for name in ("esm_class", "protocol_id", "registered_delivery"):
        if value := getattr(sms, name):
            facts[name] = value
    if sms.concatenation and not sms.esm_class & UDHI:
        facts["concatenation"] = list(sms.concatenation)
    if sms.tlvs:
        facts["tlvs"] = [[tag, value.hex()] for tag, value in sms.tlvs]
    if masked:
        facts["masked"] = True
    return json.dumps(facts)


def _sms_from_row(row: tuple[Any, ...]) -> tuple[Sms, bool]:
    source, destination, account, message_id, data_coding, octets, facts, at = row
    given = json.loads(facts) if facts else {}
    masked = given.pop("masked", False)
    if "tlvs" in given:
        given["tlvs"] = tuple((tag, bytes.fromhex(value)) for tag, value in given["tlvs"])
    if "concatenation" in given:
        given["concatenation"] = Concatenation(*given["concatenation"])
    elif given.get("esm_class", 0) & UDHI:
        given["concatenation"] = parse_udh(octets)[0]
    sms = Sms(
        source,
        destination,
        octets,
        data_coding,
        account=account or "",
        message_id=message_id,
        submitted_at=at,
        **given,
    )
    return sms, masked
