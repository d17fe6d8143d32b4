"""A PostgreSQL that is too old, or lacks a part, is refused in words, before any of the SQL."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import NotSupportedError, connection

from config.postgresql.base import DatabaseFeatures
from tests.conftest import OwnDatabase


@pytest.fixture
def _too_old(own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DatabaseFeatures, "minimum_database_version", (99,))
    # As a process that has not connected yet.
    monkeypatch.setattr("django.db.backends.base.base.RAN_DB_VERSION_CHECK", set())
    connection.close()


def test_oldest_server_is_the_one_that_is_looked_for_beside_the_wheel() -> None:
    assert DatabaseFeatures.minimum_database_version == (15,)


@pytest.mark.usefixtures("_too_old")
def test_migrate_says_that_the_server_is_too_old() -> None:
    with pytest.raises(CommandError, match=r"too old: PostgreSQL 99 or later is required"):
        call_command("migrate", verbosity=0)


@pytest.mark.usefixtures("own_database")
def test_migrate_says_which_extension_the_server_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.management.commands.migrate.EXTENSIONS", ("pg_trgm", "pg_gone"))

    with pytest.raises(CommandError, match="lacks the extension pg_gone: install"):
        call_command("migrate", verbosity=0)


@pytest.mark.usefixtures("_too_old")
def test_nothing_is_asked_of_a_server_that_is_too_old() -> None:
    with pytest.raises(NotSupportedError, match="99 or later"):
        connection.ensure_connection()
