"""One SQLite database: opened, migrated, written once per turn. Durable against the end of the process (WAL)."""

from __future__ import annotations

import atexit
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple

from sqlite_utils import Database

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from ussd_gateway.store.schema import migrations

MEMORY = ":memory:"
_PATIENCE = 0.2  # seconds that a statement waits for somebody who looks into the file with another program

_TOGETHER = 32  # statements that a store in memory puts off

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=1000",  # a checkpoint waits for the disk: a little often, rather than for long
    "PRAGMA secure_delete=FAST",  # some builds write zeros over what is deleted: a third of the cost of a full journal
    "PRAGMA cache_size=-4096",  # the system keeps the file in memory anyway: 64 MB here were no faster
)


@cache
def _empty() -> sqlite3.Connection:
    """A database in memory with every table and no row; only ever copied, from any thread."""
    connection = sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
    migrations.apply(Database(connection))
    atexit.register(connection.close)
    return connection


class StoreError(Exception):
    """The database cannot be opened; the message says which and what to do."""


class _Said(NamedTuple):
    """A statement of this turn, kept until the commit in case it has to be said again."""

    statement: str
    parameters: Sequence[Any]
    many: bool


class Store:
    """The database, with one connection for writing and one for reading."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._lock: IO[bytes] | None = None
        self._said: list[_Said] = []  # what this turn has written
        self._put_off: list[tuple[str, Sequence[Any]]] = []
        self._unsure = False  # whether a failure may have undone some of it
        try:
            self._lock_file()
            self._writer = self._connect()
            if self.path == MEMORY:
                _empty().backup(self._writer)  # a copy takes a tenth of the time, and tests make a store each
            else:
                migrations.apply(Database(self._writer))
            self._reader = self._writer if self.path == MEMORY else self._connect()
        except (sqlite3.Error, OSError) as error:
            self._unlock()
            raise StoreError(
                f"store {self.path}: {error}; name another file with --store, or --store :memory: for none"
            ) from error

    def _lock_file(self) -> None:
        """One program writes one file: two of them would give out the same numbers. The lock ends with the program."""
        if self.path == MEMORY or fcntl is None:
            return
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = Path(f"{self.path}.lock").open("wb")  # noqa: SIM115 - it stays open as long as the store
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._unlock()
            raise StoreError(
                f"store {self.path}: another gateway uses it; stop that one, or name another file with --store"
            ) from None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        return connection

    def write(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Change something; it is kept with the next `commit`, and seen by `own` at once."""
        return self._do(_Said(statement, parameters, many=False))

    def write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """The same for many rows."""
        self._do(_Said(statement, rows, many=True))

    def write_alone(self, statement: str, parameters: Sequence[Any]) -> None:
        """The same, kept at once where this turn has written nothing else: one statement in place of three.

        In memory, where nothing can be lost, it waits for others of its kind or for somebody who reads.
        """
        if self._writer.in_transaction or self._unsure:
            self.write(statement, parameters)
        elif self.path != MEMORY:
            self._writer.execute(statement, parameters)
        else:
            self._put_off.append((statement, parameters))
            if len(self._put_off) >= _TOGETHER:
                self._catch_up()

    def _catch_up(self) -> None:
        """Write what was put off."""
        put_off, self._put_off = self._put_off, []
        self._writer.execute("BEGIN")
        for statement, alike in groupby(put_off, key=itemgetter(0)):
            self._writer.executemany(statement, map(itemgetter(1), alike))
        self._writer.execute("COMMIT")

    def commit(self) -> None:
        """Everything written so far is kept from now on. When it fails, the next call tries the same again."""
        if self._unsure:
            self._say_again()
        if self._writer.in_transaction:
            self._unsure = True
            self._writer.execute("COMMIT")
            self._unsure = False
        self._said.clear()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is kept whole, or, after an exception, not at all."""
        self._begin()
        said = len(self._said)
        self._writer.execute("SAVEPOINT together")
        try:
            yield
        except BaseException:
            del self._said[said:]
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK TO together")
                self._writer.execute("RELEASE together")
            else:  # the failure has undone what was written before, too
                self._unsure = True
            raise
        self._writer.execute("RELEASE together")

    def own(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows as this program sees them, what is not yet committed included."""
        if self._put_off:
            self._catch_up()
        return self._writer.execute(query, parameters).fetchall()

    def read(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows as they are kept."""
        if self._put_off:
            self._catch_up()
        return self._reader.execute(query, parameters).fetchall()

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The same, one by one, for what is large; use them before anything else is written."""
        if self._put_off:
            self._catch_up()
        yield from self._reader.execute(query, parameters)

    def close(self) -> None:
        """Keep what was written and let the file go."""
        try:
            self.commit()
        finally:
            if self._reader is not self._writer:
                self._reader.close()
            self._writer.close()
            self._unlock()

    def _unlock(self) -> None:
        if self._lock:
            self._lock.close()

    def _do(self, said: _Said) -> sqlite3.Cursor:
        """Carries a statement out; should that fail, it is the caller's to say again."""
        try:
            self._begin()
            done = self._carry_out(said)
        except sqlite3.Error:
            self._unsure = self._unsure or bool(self._said)
            raise
        self._said.append(said)
        return done

    def _carry_out(self, said: _Said) -> sqlite3.Cursor:
        if said.many:
            return self._writer.executemany(said.statement, said.parameters)
        return self._writer.execute(said.statement, said.parameters)

    def _say_again(self) -> None:
        """A failure may have undone the turn, or a part of it: begin it anew."""
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")
        self._begin()
        for said in self._said:
            self._carry_out(said)
        self._unsure = False

    def _begin(self) -> None:
        if self._put_off:
            self._catch_up()
        if not self._writer.in_transaction:
            self._writer.execute("BEGIN IMMEDIATE")
