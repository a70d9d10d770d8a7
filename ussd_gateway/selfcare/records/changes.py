"""How self-care's tables are changed: each change together with its audit entry, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ussd_gateway.store.store import Store


class Changes:
    """Reads what this program has written, committed or not; `changed` is told that there is something to commit."""

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        self._store = store
        self.changed = changed

    @contextmanager
    def change(self, what: str, at: float, *, who: str, channel: str, **facts: object) -> Iterator[None]:
        """What is written inside is kept with its audit entry, or neither (3.2, invariant 15); `facts` hold no secret."""
        with self._store.together():
            yield
            self.audit(what, at, who=who, channel=channel, **facts)
        self.changed()

    def audit(self, what: str, at: float, *, who: str, channel: str, **facts: object) -> None:
        """The entry alone, for what is kept by somebody else's commit."""
        self._store.write(
            "INSERT INTO audit (at, who, channel, what, facts) VALUES (?, ?, ?, ?, ?)",
            (at, who, channel, what, json.dumps(facts, ensure_ascii=False)),
        )

    def together(self) -> AbstractContextManager[None]:
        """Several changes that are kept whole, or none of them."""
        return self._store.together()

    def read(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows, what is not yet committed included."""
        return self._store.own(query, parameters)

    def write(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Within a `change`; how many rows it touched."""
        return self._store.write(statement, parameters).rowcount

    def commit(self) -> None:
        """Keep everything now, before the gateway's turn ends."""
        self._store.commit()
