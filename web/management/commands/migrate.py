from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import NotSupportedError, OperationalError, connections
from django.db import transaction as db_transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from config.databases import database
from config.rights import grant_rights
from web.database_errors import is_busy

# Any number, as long as it is the same wherever this project migrates.
LOCK = 7_239_140_551
# Those of PostgreSQL's own that the migrations make; some systems package them apart.
EXTENSIONS = ("pg_trgm",)


class Command(migrate.Command):
    """Django's `migrate` as the tables' owner, one at a time, then the web role's rights.

    The owner is the role of DATABASE_OWNER_URL; without one, the role of DATABASE_URL does
    both and needs no rights.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        role = connection.settings_dict["USER"]
        with _as_owner(connection) as owner, _one_at_a_time(connection):
            self._migrate(*args, **options)
            if owner != role and not options["plan"] and not options["check_unapplied"]:
                self._grant(connection, role)

    def _migrate(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except OperationalError as error:
            if not is_busy(error):
                raise
            raise CommandError(
                "Another connection uses a table that a migration must change. What was applied"
                " stays; stop the web and the worker, then run this again."
            ) from None

    def _grant(self, connection: BaseDatabaseWrapper, role: str) -> None:
        executor = MigrationExecutor(connection)
        # Halfway through the migrations the tables that the rights name are not all there.
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            grant_rights(connection, role)


@contextmanager
def _as_owner(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """Let the connection be the owner's; give back the owner's name."""
    application = dict(connection.settings_dict)
    if settings.DATABASE_OWNER_URL:
        owner = database(settings.DATABASE_OWNER_URL, name="daybook migrate", statement_timeout="0")
        # The database is that of DATABASE_URL: a test may have pointed it elsewhere.
        owner["NAME"] = application["NAME"]
        connection.close()
        connection.settings_dict.update(owner)
    try:
        yield connection.settings_dict["USER"]
    finally:
        if settings.DATABASE_OWNER_URL:
            connection.close()
            connection.settings_dict.update(application)


@contextmanager
def _one_at_a_time(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Wait for another migration, however long it takes.

    Raises:
        CommandError: the server is too old, or lacks an extension.
    """
    _check_server(connection)
    with db_transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _check_server(connection: BaseDatabaseWrapper) -> None:
    try:
        connection.ensure_connection()
    except NotSupportedError as error:
        raise CommandError(f"The server of DATABASE_URL is too old: {error}") from None
    with connection.cursor() as cursor:
        for name in EXTENSIONS:
            cursor.execute("SELECT FROM pg_available_extensions WHERE name = %s", [name])
            if not cursor.rowcount:
                raise CommandError(
                    f"The server lacks the extension {name}: install PostgreSQL's"
                    " contrib modules there, in many systems the package postgresql-contrib."
                )
