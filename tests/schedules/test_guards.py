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


def test_schedule_keeps_what_it_is_and_is_decided_once(own_database: OwnDatabase) -> None:
    ada = make_user()
    balance = make_balance()
    waiting = make_schedule(source=RENT, destination=balance, reference="waiting", actor=ada)
    posted = make_schedule(source=RENT, destination=balance, due_in=SOON, actor=ada)
    cancelled = cancel(make_schedule(source=RENT, destination=balance), actor=ada)
    other = post_transfer(source=RENT, destination=balance)
    rejected = make_schedule(source=make_balance(), destination=balance, due_in=SOON)
    wait_until(rejected.due_at)
    post_due()
    seen = mark_seen(rejected, actor=ada)
    changes = [
        *(
            (f"{column} WHERE id = {waiting.pk}", "schedule_keeps_what_it_is")
            for column in (
                "reference = 'another'",
                "due_at = due_at + interval '1 day'",
                "request = '{\"legs\": []}'",
                "description = 'another'",
                "actor_id = NULL",
                "public_id = gen_random_uuid()",
                "created_at = now()",
            )
        ),
        (
            f"state = 'SCHEDULED', transaction_id = NULL WHERE id = {posted.pk}",
            "schedule_decided_once",
        ),
        (f"state = 'SCHEDULED' WHERE id = {cancelled.pk}", "schedule_decided_once"),
        (f"reason = 'x' WHERE id = {cancelled.pk}", "schedule_decided_once"),
        (f"seen_at = now() WHERE id = {cancelled.pk}", "schedule_seen_once"),
        (f"seen_at = now() WHERE id = {waiting.pk}", "schedule_seen_once"),
        (f"seen_at = NULL WHERE id = {seen.pk}", "schedule_seen_once"),
        (f"seen_by_id = NULL WHERE id = {seen.pk}", "schedule_seen_once"),
        (f"state = 'SCHEDULED' WHERE id = {waiting.pk}", "schedule_state_known"),
        (f"state = 'DONE' WHERE id = {waiting.pk}", "schedule_state_known"),
        (f"state = 'REJECTED' WHERE id = {waiting.pk}", "schedule_reason_of_rejection"),
        (f"state = 'POSTED' WHERE id = {waiting.pk}", "schedule_posted_as_its_transaction"),
        (
            f"state = 'POSTED', transaction_id = {other.pk} WHERE id = {waiting.pk}",
            "schedule_posted_as_its_transaction",
        ),
        (
            f"state = 'CANCELLED', transaction_id = {other.pk} WHERE id = {waiting.pk}",
            "schedule_posted_as_its_transaction",
        ),
    ]

    for change, constraint in changes:
        with own_database.owner() as raw, refused(constraint):
            raw.execute(f"UPDATE schedules_schedule SET {change}")
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
