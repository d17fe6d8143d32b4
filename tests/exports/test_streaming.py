"""Exports in a database whose commits are real: what others see of one while it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from audit.models import AuditEvent
from exports.models import Export
from exports.operations import ExportCancelledError
from tests.conftest import OwnDatabase
from tests.factories import make_client, make_identity, make_user

ROWS = 200_000
FILL = """
INSERT INTO audit_auditevent (actor_name, action, subject)
SELECT 'system', 'ledger.created', 'ldg_' || number FROM generate_series(1, %s) AS number
"""
PEAK = """
import json, resource
import django
django.setup()
from audit.models import AuditEvent
from tests.factories import make_client
from web.sorting import Column
from web.tables.definition import Table, register

class EventTable(Table):
    name, element, url_name, title = "events", "event-table", "identities:list", "Events"
    columns = (Column("subject", "Subject", ("subject", "id")), Column("action", "Action"))
    default_sort = "-subject"

    def select(self, state):
        return AuditEvent.objects.filter(subject__startswith=state.text).values()

    def read_plain(self, rows, state):
        return rows

register(EventTable())
client = make_client()

def export(query):
    response = client.get(f"/events/export.csv?{query}")
    size = sum(map(len, response.streaming_content))
    return size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

print(json.dumps([export("q=ldg_1000")[1], *export("")]))
"""


@pytest.fixture(autouse=True)
def _tell_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches of one row, each of which is told."""
    monkeypatch.setattr("exports.reading.BATCH", 1)
    monkeypatch.setattr("exports.operations.TELL_SECONDS", 0.0)
    monkeypatch.setattr("web.files.separated.CHUNK", 1)


def begin(count: int = 5) -> Any:
    """The answer to a request for so many rows."""
    for number in range(count):
        make_identity(name=f"Identity {number}")
    return make_client(user=make_user(username="ann")).get("/identities/export.csv?sort=name")


def test_others_see_how_far_it_is_and_it_sees_nothing_new(own_database: OwnDatabase) -> None:
    response = begin()

    pieces = iter(response.streaming_content)
    taken = [next(pieces) for _number in range(3)]
    with own_database.app(autocommit=True) as others:
        others.execute(
            "INSERT INTO identities_identity (public_id, kind, name, email, metadata)"
            " VALUES (gen_random_uuid(), 'PERSON', 'Person', '', '{}')"
        )
        query = "SELECT row_count, expected_count, state FROM exports_export"
        told = others.execute(query).fetchone()
    body = b"".join([*taken, *pieces]).decode()

    assert told == (2, 5, "RUNNING")
    assert "Person" not in body
    assert "Total: 5 rows" in body


def leave_at_once(response: Any) -> None:
    response.close()


def leave_midway(response: Any) -> None:
    next(iter(response.streaming_content))
    response.close()


@pytest.mark.parametrize("leave", [leave_at_once, leave_midway])
@pytest.mark.usefixtures("own_database")
def test_one_whose_reader_leaves_is_cancelled(leave: Callable[[Any], None]) -> None:
    leave(begin())

    export = Export.objects.get()
    assert export.state == Export.State.CANCELLED
    event = AuditEvent.objects.get(subject=export.key)
    assert (event.action, event.actor_name) == ("export.cancelled", "ann")


def test_one_that_is_asked_to_stop_does(own_database: OwnDatabase) -> None:
    response = begin()

    pieces = iter(response.streaming_content)
    next(pieces)
    with own_database.app(autocommit=True) as others:
        others.execute("UPDATE exports_export SET is_cancel_asked = true")
    with pytest.raises(ExportCancelledError):
        b"".join(pieces)

    assert Export.objects.get().state == Export.State.CANCELLED


def lose_connection(database: OwnDatabase) -> None:
    with database.app(autocommit=True) as others:
        others.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state = 'idle in transaction'"
        )


def test_one_whose_connection_is_lost_has_failed(own_database: OwnDatabase) -> None:
    response = begin()

    pieces = iter(response.streaming_content)
    next(pieces)
    lose_connection(own_database)
    with pytest.raises(OperationalError):
        b"".join(pieces)

    assert Export.objects.get().state == Export.State.FAILED
    assert AuditEvent.objects.filter(action="export.failed").exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_whose_reader_stays_away_ends_all_the_same(own_database: OwnDatabase) -> None:
    response = begin()

    next(iter(response.streaming_content))
    lose_connection(own_database)
    response.close()

    assert Export.objects.get().state == Export.State.CANCELLED


def test_memory_does_not_grow_with_the_rows(own_database: OwnDatabase) -> None:
    with own_database.owner(autocommit=True) as owner:
        owner.execute(FILL, [ROWS])

    few, size, many = json.loads(
        subprocess.run(
            [sys.executable, "-c", PEAK],
            env={
                **os.environ,
                "DATABASE_URL": own_database.url,
                "DJANGO_SETTINGS_MODULE": "config.settings",
            },
            cwd=Path(__file__).parents[2],
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    )

    assert size > ROWS * 20
    assert many < few + 30_000_000
