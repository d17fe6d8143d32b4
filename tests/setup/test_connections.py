from __future__ import annotations

from django.db import connection

from tests.conftest import OwnDatabase


def test_standing_connection_is_usable_without_a_question(own_database: OwnDatabase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'the last question'")

    assert connection.is_usable()

    with own_database.cluster.connect() as admin:
        pid = connection.connection.info.backend_pid
        asked = admin.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
    assert asked == ("SELECT 'the last question'",)


def test_connection_that_the_server_ended_is_not_usable(own_database: OwnDatabase) -> None:
    connection.ensure_connection()

    with own_database.cluster.connect() as admin:
        pid = connection.connection.info.backend_pid
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    assert not connection.is_usable()


def test_connection_with_a_message_waiting_is_usable(own_database: OwnDatabase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN somewhere")
    with own_database.app(autocommit=True) as other:
        other.execute("NOTIFY somewhere")

    assert connection.is_usable()


def test_closed_connection_is_not_usable(own_database: OwnDatabase) -> None:
    connection.ensure_connection()
    connection.connection.close()

    assert not connection.is_usable()
