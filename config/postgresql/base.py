"""Django's PostgreSQL backend: it keeps whole numbers whole, and reads moments quickly."""

from __future__ import annotations

from datetime import UTC, datetime
from select import POLLIN, poll
from typing import Any

import psycopg
from django.db.backends.postgresql import base, features, operations
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader

from config.binaries import OLDEST_MAJOR


class DatabaseFeatures(features.DatabaseFeatures):
    # Django asks with the first connection of a process, and refuses an older server in words.
    minimum_database_version = (OLDEST_MAJOR,)


class DatabaseOperations(operations.DatabaseOperations):
    # Django marks a number as 32 bits wide where an expression has no wider field, such as
    # `Value(10**12)`; bound by the server, its upper digits would be cut off without a word.
    # Left as it is, its size decides how it is sent.
    integerfield_type_map = dict.fromkeys(operations.DatabaseOperations.integerfield_type_map, int)


class MomentLoader(TimestamptzLoader):
    """Reads a moment of a session in UTC as Python itself does; Django's takes it apart first."""

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(bytes(data).decode())
        except ValueError:  # such as "infinity": refused in the driver's words
            return super().load(data)


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
    _plain: psycopg.Cursor[Any] | None = None

    def plain_cursor(self) -> psycopg.Cursor[Any]:
        """The driver's own cursor on the open connection; fetch what it answers at once.

        It is the same each time, since to make one costs as much as to ask. Without Django's
        wrappers, so that the caller maps errors by `wrap_database_errors`.
        """
        if self._plain is None or self._plain.connection is not self.connection:
            self._plain = psycopg.Cursor(self.connection)
        return self._plain

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        if self.timezone == UTC:
            connection.adapters.register_loader("timestamptz", MomentLoader)
        return connection

    def is_usable(self) -> bool:
        """Whether the connection still stands, which Django asks before each request.

        A server that ends a connection says so, and nothing else arrives between requests:
        where there is nothing to read, a question would only cost its way there and back.
        """
        return self._is_silent() or super().is_usable()

    def _is_silent(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        waiting = poll()
        waiting.register(self.connection.fileno(), POLLIN)
        return not waiting.poll(0)
