"""The journal: entries are gathered as they happen and written as one block at the end of the turn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from time import perf_counter
from typing import NamedTuple, Protocol

import msgspec

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.network.message import UNDER_WAY, MessageState, Receipt, Sms, Ussd
from ussd_gateway.store import entries
from ussd_gateway.store.entries import (
    AttemptEntry,
    Entry,
    EventEntry,
    ReceiptEntry,
    ReplacedEntry,
    SmsEntry,
    StateEntry,
    UssdEntry,
)
from ussd_gateway.store.meter import Meter
from ussd_gateway.store.store import Store
from ussd_gateway.store.traces import MARK, References, Traces, hidden_in

MASK = "********"
HIDDEN = 10_000  # texts of SMS from one source that hold secrets and are remembered, the newest ones

UNBOUNDED = 2**62  # octets
CHECKPOINT = 200_000  # entries after which it is written down anew what is under way; a start reads at most so many
_SLACK = 64  # of what there may be, one part goes at a time
_INSERT = "INSERT INTO journal (last, first, at, octets, entries) VALUES (?, ?, ?, ?, ?)"
_LOOK_BACK = 50  # entries that a start reads for each delivered message that it wants back

DELIVERED = int(MessageState.DELIVERED)
_NOTHING: Mapping[str, str] = {}

Committed = Callable[[int, list[Entry]], None]
"""Is told of each block: the number of its first entry, and its entries."""


class Mask(Protocol):
    """What a compiled regular expression can do."""

    def sub(self, repl: str, string: str, /) -> str:
        """The string with `repl` in place of what is found."""


class _Hidden:
    """The texts of SMS that hold secrets, beside what is masked by a pattern."""

    def __init__(self, pattern: Mask | None) -> None:
        self._pattern = pattern
        self._secrets: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def hide(self, text: str, secrets: tuple[str, ...]) -> None:
        self._secrets[text] = secrets
        if len(self._secrets) > HIDDEN:
            self._secrets.popitem(last=False)

    def sub(self, repl: str, string: str, /) -> str:
        shown = string
        for secret in sorted(self._secrets.get(string, ()), key=len, reverse=True):
            shown = shown.replace(secret, repl)
        return self._pattern.sub(repl, shown) if self._pattern else shown


class LeftOver(NamedTuple):
    """The messages that had no final state, and the receipts of final states that had not left."""

    messages: list[Sms]
    receipts: list[Receipt]


class Journal:
    """The record of all that passed. Entries are numbered from 1; a number is never given out twice.

    masks      by the source or destination of an SMS, the pattern of what no record may show of its text (R178)
    most       int, octets; the oldest blocks go when there are more, the newest stays however large it is
    under_way  what has no final state now; asked when a checkpoint is due. None keeps no checkpoints
    owed       the same of receipts that have not left
    meter      counts what is written
    """

    def __init__(self, store: Store, masks: Mapping[str, Mask] | None = None, *, most: int = UNBOUNDED) -> None:
        self._store = store
        self._masks: dict[str, Mask] = dict(masks or {})
        self._most = most
        self._entries: list[Entry] = []
        self._untold: list[tuple[int, list[Entry]]] = []
        self._took = 0.0  # seconds of the last commit
        oldest = store.read("SELECT first - 1, octets - length(entries) FROM journal ORDER BY last LIMIT 1")
        newest = store.read("SELECT last, octets FROM journal ORDER BY last DESC LIMIT 1")
        # Numbers of entries, and octets, up to where they are forgotten, and up to where they are written.
        self._forgotten, self._octets_forgotten = map(int, oldest[0] if oldest else (0, 0))
        self._last, self._octets = map(int, newest[0] if newest else (0, 0))
        self._checkpoint = int(store.read("SELECT coalesce(max(entry), 0) FROM under_way")[0][0])
        self.under_way: Callable[[], Iterable[Sms]] | None = None
        self.owed: Callable[[], Iterable[Receipt]] = tuple
        self.watchers: list[Committed] = []
        self.meter = Meter()
        self._traces = Traces()
        # Every number given out has at least one entry of its own, so that none is given twice.
        self.first_id = self._last + 1

    # What is written -----------------------------------------------------------------------------------------------

    def ussd(self, message: Ussd, now: float) -> None:
        """A USSD message was accepted from a party, or made by the network."""
        data_coding = message.data_coding
        octets = codings.encode_ussd(message.masked(MASK), data_coding)
        if message.secrets:
            self._traces.put(self.newest + 1, hidden_in(message.text, message.masked(MARK)))
        self._entries.append(
            UssdEntry(
                now,
                message.operation.value,
                message.msisdn,
                message.service_code,
                message.session,
                data_coding,
                octets,
                message.outcome,
            )
        )

    def sms(self, sms: Sms, state: MessageState, now: float) -> None:
        """An SMS was accepted, and is in this state."""
        if sms.source in self._masks or sms.destination in self._masks:
            self._entries.append(self._traced(self._masked(sms, state, now), sms))
        else:
            self._entries.append(SmsEntry(now, state, sms))

    def state(self, sms: Sms, state: MessageState, now: float, error: int = 0) -> None:
        """An SMS came to another state; `error` is why, 0 for nothing."""
        self._entries.append(StateEntry(now, sms.message_id, state, error))
        if state not in UNDER_WAY:
            self.meter.ended(state, now - sms.submitted_at)

    def attempt(self, sms: Sms, error: int, now: float) -> None:
        """An attempt to deliver an SMS failed."""
        self._entries.append(AttemptEntry(now, sms.message_id, error))

    def replaced(self, sms: Sms, now: float) -> None:
        """An SMS under way was rewritten: this is what it is from now on."""
        entry = self._traced(self._entry(sms, MessageState.ENROUTE, sms.submitted_at), sms)
        self._entries.append(ReplacedEntry(now, entry))

    def receipt(self, receipt: Receipt, now: float) -> None:
        """A receipt left for the ESME that asked for it."""
        self._entries.append(ReceiptEntry(now, receipt.sms.message_id, receipt.state, receipt.sms.account))

    def event(
        self,
        kind: str,
        now: float,
        *,
        account: str | None = None,
        hidden: Mapping[str, str] = _NOTHING,
        **facts: object,
    ) -> None:
        """Anything else that happened, such as esme.bound; `facts` hold no secret.

        hidden  the secrets that are masked in the facts, by the name of what holds them; only `references` tell of them
        """
        if hidden:
            self._traces.put(self.newest + 1, hidden)
        self._entries.append(EventEntry(now, kind, account, facts))

    def hide(self, source: str, text: str, secrets: tuple[str, ...]) -> None:
        """No record shows the secrets in an SMS with this text, or one part of such, that is submitted from now on."""
        mask = self._masks.get(source)
        if not isinstance(mask, _Hidden):
            mask = self._masks[source] = _Hidden(mask)
        mask.hide(text, secrets)

    def shown(self, source: str, destination: str, text: str, mask: str = MASK) -> str:
        """The text of an SMS as a record may show it, with `mask` in place of each secret."""
        for address in (source, destination):
            if pattern := self._masks.get(address):
                text = pattern.sub(mask, text)
        return text

    def commit(self) -> None:
        """Everything recorded so far, and what self-care wrote beside it, is kept from now on, and told."""
        self.keep()
        self.tell()

    def keep(self) -> None:
        """The first half of `commit`: what has to be done before anybody is answered."""
        written = self._entries
        began = perf_counter()
        if written:
            self._write_block(written)
            self._entries = []  # from here on the store answers for them; after a failure they are still here
            self._untold.append((self._last - len(written) + 1, written))
        self._store.commit()
        self._took = perf_counter() - began

    def tell(self) -> None:
        """The second half: the meter counts what was kept, and watchers hear of it."""
        if not self._untold:
            return
        untold, self._untold = self._untold, []
        self.meter.committed(self._took)
        for first, written in untold:
            self.meter.count(written)
            for watcher in self.watchers:
                watcher(first, written)

    def clear(self, now: float) -> None:
        """Forget all that was recorded; no number is given out a second time."""
        self.commit()
        self._store.write("DELETE FROM journal")
        self._store.write("DELETE FROM under_way")
        self._forgotten, self._octets_forgotten, self._checkpoint = self._last, self._octets, self._last
        # Entries are numbered from the last one on, also by the next program that opens the file.
        self.event("gateway.reset", now)
        self.commit()

    def _write_block(self, written: list[Entry]) -> None:
        block = entries.encode(written)
        last, octets = self._last + len(written), self._octets + len(block)
        row = (last, self._last + 1, written[0].at, octets, block)
        if octets - self._octets_forgotten <= self._most and last - self._checkpoint < CHECKPOINT:
            self._store.write_alone(_INSERT, row)
        else:
            with self._store.together():
                self._store.write(_INSERT, row)
                forgotten, octets_forgotten = self._make_room(last, octets)
                checkpoint = self._write_checkpoint(last, forgotten)
            self._forgotten, self._octets_forgotten, self._checkpoint = forgotten, octets_forgotten, checkpoint
        self._last, self._octets = last, octets

    def _make_room(self, last: int, octets: int) -> tuple[int, int]:
        """Forgets the oldest blocks until there is room for a while; returns up to which entry and octet."""
        forgotten, octets_forgotten = self._forgotten, self._octets_forgotten
        while octets - octets_forgotten > self._most - self._most // _SLACK:
            ((oldest, up_to),) = self._store.own(
                "SELECT last, octets FROM journal WHERE last > ? ORDER BY last LIMIT 1", (forgotten,)
            )
            if oldest == last:
                break
            self._store.write("DELETE FROM journal WHERE last = ?", (oldest,))
            forgotten, octets_forgotten = oldest, up_to
        return forgotten, octets_forgotten

    def _write_checkpoint(self, last: int, forgotten: int) -> int:
        """Writes down what is under way when it is time to; the next start reads on from there."""
        due = last - self._checkpoint >= CHECKPOINT or forgotten > self._checkpoint
        if self.under_way is None or not due:
            return self._checkpoint
        kept: list[Entry] = [self._entry(sms, MessageState.ENROUTE, sms.submitted_at) for sms in self.under_way()]
        for receipt in self.owed():
            kept.append(self._entry(receipt.sms, MessageState.ENROUTE, receipt.sms.submitted_at))
            kept.append(StateEntry(receipt.done_at, receipt.sms.message_id, receipt.state, receipt.error))
        self._store.write(
            "INSERT OR REPLACE INTO under_way (id, entry, entries) VALUES (1, ?, ?)", (last, entries.encode(kept))
        )
        return last

    def _traced(self, entry: SmsEntry, sms: Sms) -> SmsEntry:
        """The next entry, whose references are remembered."""
        if entry.masked:
            self._traces.put(
                self.newest + 1, hidden_in(sms.text, self.shown(sms.source, sms.destination, sms.text, MARK))
            )
        return entry

    def _entry(self, sms: Sms, state: MessageState, at: float) -> SmsEntry:
        masked = sms.source in self._masks or sms.destination in self._masks
        return self._masked(sms, state, at) if masked else SmsEntry(at, state, sms)

    def _masked(self, sms: Sms, state: MessageState, at: float) -> SmsEntry:
        text = sms.text
        if (shown := self.shown(sms.source, sms.destination, text)) == text:
            return SmsEntry(at, state, sms)
        data_coding, content = codings.encode_sms(shown)
        header = sms.octets[: len(sms.octets) - len(sms.content)]
        hidden = msgspec.structs.replace(sms, octets=header + content, data_coding=data_coding)
        return SmsEntry(at, state, hidden, masked=True)

    # What is read --------------------------------------------------------------------------------------------------

    @property
    def last(self) -> int:
        """The number of the last entry that was written."""
        return self._last

    @property
    def newest(self) -> int:
        """The number of the last entry, written or not."""
        return self._last + len(self._entries)

    @property
    def forgotten(self) -> int:
        """The number of the last entry that is not kept any more; 0 when all are."""
        return self._forgotten

    @property
    def octets(self) -> int:
        """How much is kept."""
        return self._octets - self._octets_forgotten

    def references(self, number: int) -> References | None:
        """To the secrets that an entry hides, as far as this program remembers; the same for the same secret."""
        return self._traces.of(number)

    def hides(self, value: str) -> bool:
        """Whether an entry has this value masked, as far as this program remembers."""
        return self._traces.knows(value)

    def after(self, number: int) -> Iterator[tuple[int, Entry]]:
        """The committed entries behind entry `number`, each with its number, as far as they are kept."""
        return (pair for block in self.blocks(number) for pair in block)

    def blocks(self, number: int) -> Iterator[list[tuple[int, Entry]]]:
        """The same, block by block."""
        return blocks(self._store, number)

    def left_over(self) -> LeftOver:
        """What was not done when the gateway stopped, each oldest first; it is asked once, at the start.

        A message whose text was masked cannot be delivered any more: it becomes UNDELIVERABLE here.
        """
        kept, owed = self._replay()
        messages = []
        for entry in sorted(kept.values(), key=lambda entry: entry.at):
            if entry.masked:
                self.state(entry.sms, MessageState.UNDELIVERABLE, entry.at)
            else:
                messages.append(entry.sms)
        return LeftOver(messages, list(owed.values()))

    def _replay(self) -> tuple[dict[str, SmsEntry], dict[str, Receipt]]:
        """What was under way when the gateway stopped, and the receipts that it owed, by message_id."""
        kept: dict[str, SmsEntry] = {}
        owed: dict[str, Receipt] = {}
        checkpoint = (
            entry for (block,) in self._store.read("SELECT entries FROM under_way") for entry in entries.decode(block)
        )
        for entry in chain(checkpoint, (entry for _, entry in self.after(self._checkpoint))):
            if isinstance(entry, SmsEntry) and entry.state in UNDER_WAY:
                kept[entry.sms.message_id] = entry
            elif isinstance(entry, SmsEntry):
                _owe(owed, entry.sms, entry)
            elif isinstance(entry, StateEntry) and entry.state not in UNDER_WAY:
                if known := kept.pop(entry.message_id, None):
                    _owe(owed, known.sms, entry)
            elif isinstance(entry, ReceiptEntry) and entry.state not in UNDER_WAY:
                owed.pop(entry.message_id, None)
            elif isinstance(entry, ReplacedEntry):
                kept[entry.new.sms.message_id] = entry.new
        return kept, owed

    def recently_delivered(self, limit: int) -> list[tuple[Sms, float]]:
        """The last messages that were delivered, with the moment, in the order of their arrival."""
        arrived: list[tuple[Sms, float]] = []
        later: dict[str, float] = {}
        rewritten: dict[str, Sms] = {}
        read = 0
        for (octets,) in self._store.rows("SELECT entries FROM journal ORDER BY last DESC"):
            block = entries.decode(octets)
            for entry in reversed(block):
                if isinstance(entry, StateEntry) and entry.state == DELIVERED:
                    later[entry.message_id] = entry.at
                elif isinstance(entry, ReplacedEntry):
                    rewritten.setdefault(entry.new.sms.message_id, entry.new.sms)  # the last one counts
                elif isinstance(entry, SmsEntry):
                    at = entry.at if entry.state == DELIVERED else later.pop(entry.sms.message_id, None)
                    if at is not None:
                        arrived.append((rewritten.pop(entry.sms.message_id, entry.sms), at))
            read += len(block)
            if len(arrived) >= limit or read > _LOOK_BACK * limit:
                break
        del arrived[limit:]
        arrived.reverse()  # those of one moment stay in the order they were sent in
        arrived.sort(key=lambda pair: pair[1])
        return arrived


def forgotten(store: Store) -> int:
    """The number of the last entry that is not kept any more; 0 when all are."""
    rows = store.read("SELECT first - 1 FROM journal ORDER BY last LIMIT 1")
    return int(rows[0][0]) if rows else 0


def entries_at(store: Store, numbers: Iterable[int]) -> Iterator[Entry | None]:
    """The committed entries with these numbers, which rise; None for one that is kept no more. Reads a block once."""
    block: list[tuple[int, Entry]] = []
    for number in numbers:
        if not block or number > block[-1][0]:
            block = next(blocks(store, number - 1), [])
        place = number - block[0][0] if block else -1
        yield block[place][1] if place >= 0 else None


def blocks(store: Store, number: int) -> Iterator[list[tuple[int, Entry]]]:
    """The committed entries behind entry `number`, block by block, each entry with its own number."""
    query = "SELECT first, last, entries FROM journal WHERE last > ? ORDER BY last LIMIT 1"
    while found := store.read(query, (number,)):
        first, last, octets = found[0]
        yield [pair for pair in enumerate(entries.decode(octets), first) if pair[0] > number]
        number = last


def _owe(owed: dict[str, Receipt], sms: Sms, entry: SmsEntry | StateEntry) -> None:
    """The receipt of this final state, if the sender asked for one."""
    state, error = MessageState(entry.state), entry.error if isinstance(entry, StateEntry) else 0
    if sms.account and sms.registered_delivery and sms.wants_receipt(state):
        owed[sms.message_id] = Receipt(sms, state, entry.at, error)
