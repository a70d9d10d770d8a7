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
