"""Migrations are applied once."""

from sqlite_utils import Database

from ussd_gateway.store.schema import migrations
from ussd_gateway.store.store import Store


def test_a_store_has_every_migration_and_opening_it_again_applies_none(tmp_path):
    path = tmp_path / "gateway.db"
    Store(path).close()
    database = Database(path)
    applied = [migration.name for migration in migrations.applied(database)]
    assert migrations.pending(database) == []
    database.close()
    Store(path).close()
    database = Database(path)
    assert [migration.name for migration in migrations.applied(database)] == applied
    database.close()


def test_opening_balances_of_former_versions_become_postings(tmp_path):
    database = Database(tmp_path / "gateway.db")
    migrations.apply(database, stop_before="money")
    for kopecks in (15000, -750):
        database.execute(
            "INSERT INTO ledger (msisdn, at, kopecks, kind) VALUES ('70001000001', 5, ?, 'opening')", [kopecks]
        )
    database.conn.commit()

    migrations.apply(database)

    rows = database.execute("SELECT posting, account, at, kopecks, kind FROM ledger ORDER BY posting, id").fetchall()
    assert rows == [
        (1, "70001000001", 5, 15000, "opening"),
        (1, "operator:opening", 5, -15000, "opening"),
        (2, "70001000001", 5, -750, "opening"),
        (2, "operator:opening", 5, 750, "opening"),
    ]
    database.close()
