"""Django's PostgreSQL backend: it keeps whole numbers whole, and reads moments quickly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from select import POLLIN, poll
from typing import Any

import psycopg
from django.db.backends.postgresql import base, features, operations
from django.db.backends.utils import CursorWrapper
from psycopg.abc import Buffer
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.types.datetime import TimestamptzLoader

from config.binaries import OLDEST_MAJOR

NO_SUCH_STATEMENT = b"26000"
# A statement can be closed by name from libpq 17 on; the wheels of the driver bring their own.
CLOSES_STATEMENTS = psycopg.capabilities.has_send_close_prepared()


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
    _kept: dict[str, bytes]

    def plain_cursor(self) -> psycopg.Cursor[Any]:
        """The driver's own cursor on the open connection; fetch what it answers at once.

        It is the same each time, since to make one costs as much as to ask. Without Django's
        wrappers, so that the caller maps errors by `wrap_database_errors`.
        """
        if self._plain is None or self._plain.connection is not self.connection:
            self._plain = psycopg.Cursor(self.connection)
        return self._plain

    def reading_cursor(self) -> CursorWrapper:
        """`plain_cursor` in Django's wrappers, which map errors and tell who counts statements."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        plain: Any = self.plain_cursor()
        return self.make_debug_cursor(plain) if self.queries_logged else self.make_cursor(plain)

    def can_ask(self) -> bool:
        """Whether `ask` may be used: no transaction is open, and the server may keep statements."""
        return (
            self.autocommit and CLOSES_STATEMENTS and self.connection.prepare_threshold is not None
        )

    def ask(self, statement: str, parameters: Sequence[object]) -> str:
        """The text that one and the same statement answers, kept by the server ready to run.

        By a call of libpq: what the driver does around it with a cursor takes longer than all else
        that Python does for a posting. `%s` stands for the parameters, which go as texts. The
        answer is empty where there is no row; the caller maps errors by `wrap_database_errors`.
        """
        values = [None if value is None else str(value).encode() for value in parameters]
        name = self._kept.get(statement) or self._keep(statement)
        result = self.connection.pgconn.exec_prepared(name, values)
        if result.status == ExecStatus.FATAL_ERROR:
            if result.error_field(DiagnosticField.SQLSTATE) == NO_SUCH_STATEMENT:
                # Where tables have changed, too, the driver makes the server forget all statements.
                result = self.connection.pgconn.exec_prepared(self._keep(statement), values)
            self._raise_error(result)
        return result.get_value(0, 0).decode() if result.ntuples else ""

    def _keep(self, statement: str) -> bytes:
        # Named by what it says: behind a pool, another client's is never taken for it.
        digest = sha256(statement.encode()).hexdigest()[:16]
        name = self._kept.setdefault(statement, f"kept_{digest}".encode())
        numbers = count(1)
        numbered = re.sub("%s", lambda _: f"${next(numbers)}", statement)
        # The server may have it from before a rollback.
        self._raise_error(self.connection.pgconn.close_prepared(name))
        self._raise_error(self.connection.pgconn.prepare(name, numbered.encode()))
        return name

    def _raise_error(self, result: PGresult) -> None:
        if result.status != ExecStatus.FATAL_ERROR:
            return
        if result.error_field(DiagnosticField.SQLSTATE) is None:
            # Not the server says so, but libpq, which has lost it.
            raise psycopg.OperationalError(result.get_error_message())
        raise error_from_result(result)

    def rollback(self) -> None:
        """Roll back, with which the driver makes the server forget all statements."""
        super().rollback()
        self._kept = {}

    def savepoint_rollback(self, sid: str) -> None:
        """Roll back to a savepoint; as `rollback`, it makes the server forget."""
        super().savepoint_rollback(sid)
        self._kept = {}

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        self._kept = {}
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
