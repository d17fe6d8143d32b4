"""Statements that the server keeps ready to run: asked for by libpq's own call."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, DataError, OperationalError
from django.db import connection as default_connection
from django.db import transaction as db_transaction
from psycopg.errors import DivisionByZero

from tests.conftest import OwnDatabase

KEPT = "SELECT name FROM pg_prepared_statements WHERE name LIKE 'kept%' ORDER BY 1"
ADD = "SELECT (%s::bigint + %s::bigint)::text"


@pytest.fixture
def connection(own_database: OwnDatabase) -> Any:
    """Typed as anything, since what is under test is this project's own."""
    default_connection.close()
    default_connection.ensure_connection()
    return default_connection


def _kept(connection: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(KEPT)
        return [name for (name,) in cursor.fetchall()]


def test_statement_is_kept_once(connection: Any) -> None:
    answers = [connection.ask(ADD, [1, number]) for number in range(3)]
    connection.ask("SELECT %s::text", ["another"])

    assert answers == ["1", "2", "3"]
    assert len(_kept(connection)) == 2


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("text", "Grüße, 100 %s", "Grüße, 100 %s"),
        ("text", None, "nothing"),
        ("numeric", Decimal("1E+2"), "100"),
        ("numeric", 10**38 - 1, "9" * 38),
        ("date", datetime.date(1, 1, 2), "0001-01-02"),
        (
            "timestamptz",
            datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
            "2026-01-02 01:00:00+00",
        ),
    ],
)
def test_parameter_arrives_as_it_is(connection: Any, kind: str, value: Any, text: str) -> None:
    answer = connection.ask(f"SELECT coalesce(%s::{kind}::text, 'nothing')", [value])

    assert answer == text


@pytest.mark.parametrize("times", [0, 3], ids=["the driver had none", "the driver had some"])
def test_after_a_rollback_each_statement_is_the_one_that_is_asked(
    connection: Any, times: int
) -> None:
    connection.ask(ADD, [1, 2])
    for _ in range(times):
        _kept(connection)  # so that the driver has something to forget
    with db_transaction.atomic():
        db_transaction.set_rollback(True)

    assert connection.ask("SELECT upper(%s)", ["another"]) == "ANOTHER"
    assert connection.ask(ADD, [3, 4]) == "7"


def test_after_a_savepoint_is_rolled_back_a_statement_is_kept_anew(connection: Any) -> None:
    connection.ask(ADD, [1, 2])
    with db_transaction.atomic():
        with db_transaction.atomic():
            for _ in range(3):
                _kept(connection)
            db_transaction.set_rollback(True)
        assert _kept(connection) == []

    assert connection.ask(ADD, [3, 4]) == "7"


def test_statement_that_the_server_has_forgotten_otherwise_is_kept_anew(connection: Any) -> None:
    connection.ask(ADD, [1, 2])
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    assert connection.ask(ADD, [3, 4]) == "7"


def test_statement_of_another_client_of_the_same_server_is_not_taken_for_ours(
    connection: Any,
) -> None:
    connection.ask(ADD, [1, 2])
    connection._kept = {}  # as a second client, whom a pool gives the first one's server
    take = ADD.replace("+", "-")

    assert connection.ask(take, [7, 2]) == "5"
    assert connection.ask(take, [7, 2]) == "5"


def test_new_connection_keeps_its_own(connection: Any) -> None:
    connection.ask(ADD, [1, 2])
    connection.close()
    connection.ensure_connection()

    assert connection.ask(ADD, [3, 4]) == "7"


def test_error_is_the_driver_s(connection: Any) -> None:
    with pytest.raises(DataError) as caught, connection.wrap_database_errors:
        connection.ask("SELECT (1 / %s::int)::text", [0])

    assert isinstance(caught.value.__cause__, DivisionByZero)
    assert connection.ask(ADD, [3, 4]) == "7"


def test_statement_that_is_wrong_is_refused_each_time(connection: Any) -> None:
    for _ in range(2):
        with pytest.raises(DatabaseError), connection.wrap_database_errors:
            connection.ask("SELECT nothing(%s)::text", [1])


def test_connection_that_the_server_ended_is_an_operational_error(
    connection: Any, own_database: OwnDatabase
) -> None:
    connection.ask(ADD, [1, 2])
    pid = connection.connection.info.backend_pid
    with own_database.cluster.connect() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    for _ in range(2):
        with pytest.raises(OperationalError), connection.wrap_database_errors:
            connection.ask(ADD, [1, 2])


def test_nothing_is_asked_within_a_transaction(connection: Any) -> None:
    assert connection.can_ask()

    with db_transaction.atomic():
        assert not connection.can_ask()


def test_nothing_is_asked_where_the_server_keeps_no_statements(connection: Any) -> None:
    connection.connection.prepare_threshold = None

    assert not connection.can_ask()
