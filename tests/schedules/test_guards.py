"""What the database refuses by itself: the application's role, and the owner of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from schedules.due import post_due
from schedules.operations import cancel, mark_seen
from tests.conftest import OwnDatabase
from tests.factories import make_balance, make_user, post_transfer
from tests.schedules.building import SOON, make_schedule, wait_until
from transactions.requests import Indicator

RENT = Indicator("@Rent", "GBP")
INSERT = (
    "INSERT INTO schedules_schedule (public_id, reference, description, due_at, request, state,"
    " reason_code, reason) VALUES (gen_random_uuid(), %(reference)s, '', %(due_at)s, %(request)s,"
    " %(state)s, '', '')"
)
SOUND = {
    "reference": "raw",
    "due_at": "tomorrow",
    "request": '{"kind": "POST", "legs": [{}, {}]}',
    "state": "SCHEDULED",
}


# What is set, on which schedule, and the guard that refuses it.
CHANGES = [
    ("reference = 'another'", "waiting", "schedule_keeps_what_it_is"),
    ("due_at = due_at + interval '1 day'", "waiting", "schedule_keeps_what_it_is"),
    ("request = '{\"legs\": []}'", "waiting", "schedule_keeps_what_it_is"),
    ("description = 'another'", "waiting", "schedule_keeps_what_it_is"),
    ("actor_id = NULL", "waiting", "schedule_keeps_what_it_is"),
    ("public_id = gen_random_uuid()", "waiting", "schedule_keeps_what_it_is"),
    ("created_at = now()", "waiting", "schedule_keeps_what_it_is"),
    ("state = 'SCHEDULED', transaction_id = NULL", "posted", "schedule_decided_once"),
    ("state = 'SCHEDULED'", "cancelled", "schedule_decided_once"),
    ("reason = 'x'", "cancelled", "schedule_decided_once"),
    ("seen_at = now()", "cancelled", "schedule_seen_once"),
    ("seen_at = now()", "waiting", "schedule_seen_once"),
    ("seen_at = NULL", "seen", "schedule_seen_once"),
    ("seen_by_id = NULL", "seen", "schedule_seen_once"),
    ("state = 'SCHEDULED'", "waiting", "schedule_state_known"),
    ("state = 'DONE'", "waiting", "schedule_state_known"),
    ("state = 'REJECTED'", "waiting", "schedule_reason_of_rejection"),
    ("state = 'POSTED'", "waiting", "schedule_posted_as_its_transaction"),
    ("state = 'POSTED', transaction_id = {other}", "waiting", "schedule_posted_as_its_transaction"),
    (
        "state = 'CANCELLED', transaction_id = {other}",
        "waiting",
        "schedule_posted_as_its_transaction",
    ),
]


@contextmanager
def refused(constraint: str) -> Iterator[None]:
    with pytest.raises(psycopg.errors.IntegrityError) as refusal:
        yield
    assert refusal.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"reference": ""}, "schedule_reference_present"),
        ({"due_at": "yesterday"}, "schedule_in_future"),
        ({"state": "CANCELLED"}, "schedule_starts_undecided"),
        ({"request": "{}"}, "schedule_request_readable"),
        ({"request": '{"legs": [{}]}'}, "schedule_request_readable"),
        ({"reference": "posted"}, "schedule_reference_free"),
        ({"reference": "scheduled"}, "schedule_reference_unique"),
    ],
)
def test_malformed_schedule_is_refused(
    change: dict[str, str], constraint: str, own_database: OwnDatabase
) -> None:
    balance = make_balance()
    post_transfer(source=RENT, destination=balance, reference="posted")
    make_schedule(source=RENT, destination=balance, reference="scheduled")

    for connect in (own_database.app, own_database.owner):
        with connect() as raw, refused(constraint):
            raw.execute(INSERT, {**SOUND, **change})


def make_schedules() -> dict[str, int]:
    """A schedule in each state, by its number, and a transaction that is none of theirs."""
    ada, balance = make_user(), make_balance()
    waiting = make_schedule(source=RENT, destination=balance, reference="waiting", actor=ada)
    posted = make_schedule(source=RENT, destination=balance, due_in=SOON, actor=ada)
    cancelled = cancel(make_schedule(source=RENT, destination=balance), actor=ada)
    other = post_transfer(source=RENT, destination=balance)
    rejected = make_schedule(source=make_balance(), destination=balance, due_in=SOON)
    wait_until(rejected.due_at)
    post_due()
    return {
        "waiting": waiting.pk,
        "posted": posted.pk,
        "cancelled": cancelled.pk,
        "seen": mark_seen(rejected, actor=ada).pk,
        "other": other.pk,
    }


def test_schedule_keeps_what_it_is_and_is_decided_once(own_database: OwnDatabase) -> None:
    ids = make_schedules()

    for change, name, constraint in CHANGES:
        assignments = change.replace("{other}", str(ids["other"]))
        with own_database.owner() as raw, refused(constraint):
            raw.execute(f"UPDATE schedules_schedule SET {assignments} WHERE id = {ids[name]}")
    for statement in ("DELETE FROM schedules_schedule", "TRUNCATE schedules_schedule"):
        with own_database.owner() as raw, refused("schedules_schedule_append_only"):
            raw.execute(statement)


def test_role_of_the_web_may_only_decide(own_database: OwnDatabase) -> None:
    make_schedule(source=RENT, destination=make_balance())

    for statement in (
        "UPDATE schedules_schedule SET due_at = now()",
        "DELETE FROM schedules_schedule",
        "TRUNCATE schedules_schedule",
    ):
        with own_database.app() as raw, pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute(statement)


def test_schedule_that_cannot_be_read_is_rejected(own_database: OwnDatabase) -> None:
    kept = make_schedule(source=RENT, destination=make_balance())
    with own_database.owner() as raw:
        raw.execute("ALTER TABLE schedules_schedule DISABLE TRIGGER USER")
        raw.execute("UPDATE schedules_schedule SET due_at = now(), request = '{\"legs\": [7]}'")
        raw.execute("ALTER TABLE schedules_schedule ENABLE TRIGGER USER")

    assert post_due() == 1

    kept.refresh_from_db()
    assert (kept.state, kept.reason_code) == ("REJECTED", "invalid")
