"""A migration that others keep from its table gives way to them, and says so."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import OwnDatabase


def test_migrate_says_that_a_table_is_in_use(own_database: OwnDatabase) -> None:
    with own_database.app() as reading:
        reading.execute("SELECT FROM users_session")

        with pytest.raises(CommandError, match="stop the web and the worker"):
            call_command("migrate", "users", "0004", verbosity=0)

    with own_database.app() as connection:
        assert connection.execute("SELECT FROM users_session").fetchall() == []
