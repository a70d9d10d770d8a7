"""The database: kept, migrated, all or nothing."""

import shutil
import sqlite3

import pytest

from ussd_gateway.store.store import Store, StoreError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "below" / "gateway.db"


def audit(store):
    return [row[0] for row in store.own("SELECT what FROM audit ORDER BY id")]


def write(store, what):
    store.write("INSERT INTO audit (at, what) VALUES (0, ?)", (what,))


def test_what_was_committed_is_there_after_the_program_is_gone_and_nothing_else(path, tmp_path):
    store = Store(path)
    write(store, "kept")
    store.commit()
    write(store, "lost")
    left = tmp_path / "left.db"  # the files as a program that is killed now leaves them
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{left}{suffix}")
    again = Store(left)
    assert audit(again) == ["kept"]
    again.close()
    store.close()


def test_one_file_has_one_gateway(path):
    store = Store(path)
    with pytest.raises(StoreError, match=r"gateway.db: another gateway uses it; stop that one, or name another file"):
        Store(path)
    store.close()
    Store(path).close()


def test_a_reader_sees_what_is_committed(path):
    store = Store(path)
    write(store, "x")
    assert store.read("SELECT count(*) FROM audit") == [(0,)]
    assert audit(store) == ["x"]
    store.commit()
    assert store.read("SELECT count(*) FROM audit") == [(1,)]
    store.close()


def test_what_is_written_together_is_kept_whole_or_not_at_all():
    store = Store(":memory:")
    write(store, "before")

    def fail_half_way():
        with store.together():
            write(store, "inside")
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    with store.together():
        write(store, "after")
    store.commit()
    assert audit(store) == ["before", "after"]
    store.close()


ROLLBACKS = {
    "the statement": "ABORT",
    "the whole turn": "ROLLBACK",
}


@pytest.mark.parametrize("undone", ROLLBACKS.values(), ids=ROLLBACKS)
def test_a_turn_that_failed_is_kept_whole_when_it_is_tried_again(store, undone):
    write(store, "before")
    store.own(f"CREATE TEMP TRIGGER full BEFORE INSERT ON ledger BEGIN SELECT RAISE({undone}, 'disk full'); END")
    store.write_many("INSERT INTO audit (at, what) VALUES (0, ?)", [("many",)])

    def fail():
        with store.together():
            store.write("INSERT INTO ledger (kopecks) VALUES (1)")

    with pytest.raises(sqlite3.IntegrityError, match="disk full"):
        fail()
    write(store, "after")
    store.commit()
    store.commit()
    assert sorted(audit(store)) == ["after", "before", "many"]


def test_a_commit_that_failed_is_tried_again(path):
    store = Store(path)
    write(store, "kept")
    store._unsure = True  # as after a COMMIT that failed and undid the turn
    store.own("ROLLBACK")
    store.commit()
    assert store.read("SELECT what FROM audit") == [("kept",)]
    store.close()


def test_a_file_that_is_no_database_is_told_with_a_way_out(path):
    path.parent.mkdir()
    path.write_text("this is a letter, not a database, and long enough to be looked at")
    with pytest.raises(StoreError, match=r"gateway.db: file is not a database; name another file with --store"):
        Store(path)


def test_a_folder_that_cannot_be_made_is_told_too(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="name another file with --store"):
        Store(tmp_path / "file" / "gateway.db")


def test_the_database_writes_ahead_and_its_journal_has_no_index(path):
    store = Store(path)
    store.close()
    plain = sqlite3.connect(path)
    assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    indexes = plain.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'journal'")
    assert indexes.fetchall() == []
    plain.close()


def test_stores_in_memory_share_nothing_and_have_the_tables_of_a_file(path):
    one, other, kept = Store(":memory:"), Store(":memory:"), Store(path)
    write(one, "first")
    one.commit()
    assert (audit(one), audit(other)) == (["first"], [])
    tables = "SELECT type, name, sql FROM sqlite_master ORDER BY name, type"
    assert other.own(tables) == kept.own(tables)
    for store in (one, other, kept):
        store.close()


def test_in_memory_a_statement_that_stands_alone_waits_for_others_and_every_reader_sees_it(store):
    store.write("CREATE TABLE t (x)")
    store.commit()
    for number in range(250):
        store.write_alone("INSERT INTO t VALUES (?)", (number,))
    assert store.own("SELECT count(*) FROM t") == [(250,)]
    store.write_alone("INSERT INTO t VALUES (?)", (250,))
    store.write("UPDATE t SET x = -x")
    store.commit()
    assert store.read("SELECT min(x), count(*) FROM t") == [(-250, 251)]


def test_in_a_file_a_statement_that_stands_alone_is_kept_at_once(tmp_path):
    store = Store(tmp_path / "a.db")
    store.write("CREATE TABLE t (x)")
    store.commit()
    store.write_alone("INSERT INTO t VALUES (?)", (1,))
    assert store.read("SELECT x FROM t") == [(1,)]
    store.write("INSERT INTO t VALUES (2)")
    store.write_alone("INSERT INTO t VALUES (?)", (3,))
    assert store.read("SELECT x FROM t") == [(1,)]  # with the others of its turn
    store.commit()
    assert len(store.read("SELECT x FROM t")) == 3
    store.close()
