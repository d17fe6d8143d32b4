"""Plans that nobody started go after a day; what was started stays, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.db import transaction as db_transaction
from django.utils import timezone
from psycopg import errors

from bulk import migrations
from bulk.doing import go_on, plan, start
from bulk.models import Item, Run
from bulk.removing import remove_old_plans
from tests.bulk.test_bulk import holds
from tests.conftest import OwnDatabase
from tests.factories import make_client, make_user
from tests.schedules.test_jobs import work_once
from transactions.models import Hold

HOURS = timedelta(hours=1)
SQL = Path(migrations.__file__).parent / "sql"


def make_plan(*, hours_ago: int) -> Run:
    """A plan to void one hold."""
    (hold,) = holds(1)
    content = {"description": ""}
    run = plan(
        user=make_user(), table="transactions", action="void", records=[hold.pk], content=content
    )
    if hours_ago:
        # Its moment cannot be changed by the application: an older one is made from the start.
        run = Run.objects.create(
            user=run.user,
            table=run.table,
            action=run.action,
            content=content,
            foreseen=run.foreseen,
            item_count=1,
            created_at=timezone.now() - hours_ago * HOURS,
        )
        Item.objects.create(run=run, position=1, record_id=hold.pk, record_key=hold.key)
    return run


def refused(sql: str) -> str:
    """The constraint that refuses it, or "right" where the role has none."""
    try:
        with db_transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        cause = error.__cause__
        assert isinstance(cause, psycopg.Error)
        if isinstance(cause, errors.InsufficientPrivilege):
            return "right"
        return cause.diag.constraint_name or ""
    raise AssertionError(f"done: {sql}")


@pytest.mark.django_db
def test_plans_go_after_a_day_with_their_records() -> None:
    old, recent = make_plan(hours_ago=25), make_plan(hours_ago=23)
    before = set(Run.objects.values_list("pk", flat=True))

    removed = remove_old_plans()

    assert removed == 1
    assert before - set(Run.objects.values_list("pk", flat=True)) == {old.pk}
    assert not Item.objects.filter(run_id=old.pk).exists()
    assert recent.items.count() == 1
    assert remove_old_plans() == 0


@pytest.mark.django_db
def test_what_was_started_stays_for_ever() -> None:
    begun, ended = make_plan(hours_ago=24 * 400), make_plan(hours_ago=24 * 500)
    start(begun)
    start(ended)
    go_on(ended)

    remove_old_plans()

    assert set(Run.objects.filter(started_at__isnull=False)) == {begun, ended}
    assert ended.items.get().state == Item.State.DONE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "by"),
    [
        ("DELETE FROM bulk_run", "right"),
        ("DELETE FROM bulk_item", "right"),
        ("TRUNCATE bulk_run CASCADE", "right"),
        ("UPDATE bulk_run SET created_at = '2020-01-01'", "right"),
        ("UPDATE bulk_run SET item_count = 5", "right"),
        ("UPDATE bulk_item SET record_id = 5", "right"),
        ("UPDATE bulk_run SET started_at = NULL, ended_at = NULL", "bulk_run_begins_and_ends_once"),
        ("UPDATE bulk_run SET done_count = 0", "bulk_run_begins_and_ends_once"),
        ("UPDATE bulk_item SET state = 'WAITING'", "bulk_item_decided_once"),
        ("UPDATE bulk_item SET reason = 'x'", "bulk_item_decided_once"),
    ],
)
def test_the_application_cannot_take_away_what_was_done(sql: str, by: str) -> None:
    run = make_plan(hours_ago=0)
    start(run)
    go_on(run)

    assert refused(sql) == by


@pytest.mark.parametrize(
    ("sql", "by"),
    [
        ("DELETE FROM bulk_run", "bulk_run_that_began_stays"),
        ("DELETE FROM bulk_item", "bulk_item_that_began_stays"),
        ("UPDATE bulk_run SET started_at = NULL", "bulk_run_begins_and_ends_once"),
    ],
)
def test_nor_can_the_owner_of_the_tables(own_database: OwnDatabase, sql: str, by: str) -> None:
    run = make_plan(hours_ago=0)
    start(run)

    with own_database.owner() as owner, pytest.raises(errors.CheckViolation) as refusal:
        owner.execute(sql)

    assert refusal.value.diag.constraint_name == by


def test_a_plan_that_is_being_started_is_passed_over(own_database: OwnDatabase) -> None:
    run = make_plan(hours_ago=30)

    with own_database.app() as other:
        other.execute("UPDATE bulk_run SET started_at = now() WHERE id = %s", [run.pk])
        assert remove_old_plans() == 0
        other.commit()

    assert remove_old_plans() == 0
    assert Run.objects.filter(pk=run.pk).exists()


def test_the_worker_removes_them(own_database: OwnDatabase) -> None:
    old = make_plan(hours_ago=25)

    work_once()

    assert not Run.objects.filter(pk=old.pk).exists()


@pytest.mark.django_db
def test_the_review_of_a_plan_that_is_gone_is_not_found_and_does_nothing() -> None:
    run = make_plan(hours_ago=25)
    clerk = make_client(user=run.user)
    remove_old_plans()

    assert clerk.get(run.get_absolute_url()).status_code == 404
    assert clerk.post(f"{run.get_absolute_url()}start/").status_code == 404
    assert Hold.objects.get().state == "INFLIGHT"


def test_guards_are_taken_back_and_installed_again_over_runs_that_are_there(
    own_database: OwnDatabase,
) -> None:
    run = make_plan(hours_ago=25)
    start(run)
    go_on(run)

    with own_database.owner() as owner:
        owner.execute((SQL / "0002_guards.down.sql").read_text())
        owner.execute("UPDATE bulk_run SET done_count = 1")
        owner.execute((SQL / "0002_guards.up.sql").read_text())
        with pytest.raises(errors.CheckViolation):
            owner.execute("UPDATE bulk_run SET done_count = 0")
