"""Each schedule is posted once, whoever posts at the same time and whatever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone
from procrastinate.exceptions import AlreadyEnqueued

from audit.models import AuditEvent
from schedules.due import post_due
from schedules.jobs import expire_holds
from schedules.models import Schedule
from schedules.operations import cancel, post_now
from tests.books import mismatches
from tests.conftest import OwnDatabase
from tests.factories import make_balance
from tests.schedules.building import SOON, make_schedule, wait_until
from tests.setup.running import ROOT, SECONDS, wait_for
from tests.transactions.living import place_hold
from transactions.errors import BusyError
from transactions.lifecycle import expire_due
from transactions.models import Transaction
from transactions.requests import Indicator

RENT = Indicator("@Rent", "GBP")
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'daybook work' AND wait_event_type = 'Lock'"
)
LOCK = "SELECT FROM balances_balance WHERE id = %s FOR UPDATE"
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(own_database: OwnDatabase) -> Generator[Start, None, None]:
    """Starts `manage.py work` in a process of its own."""
    env = {
        **os.environ,
        "DATABASE_URL": own_database.url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DAYBOOK_PROCESS": "work",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "django", "work"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=env))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def count_posted() -> int:
    return Transaction.objects.filter(schedule__isnull=False).count()


def test_two_workers_one_of_them_killed_post_everything_once(start_worker: Start) -> None:
    target, poor = make_balance(), make_balance()
    killed, survivor = start_worker(), start_worker()
    due_in = timedelta(seconds=3)
    for _number in range(60):
        make_schedule(source=RENT, destination=target, due_in=due_in)
    for _number in range(3):
        make_schedule(source=poor, destination=target, due_in=due_in)

    wait_for(lambda: count_posted() > 10)
    killed.kill()
    wait_for(lambda: not _waiting_jobs())
    # What the killed one had begun is left for the next minute.
    wait_for(lambda: post_due() == 0 and not Schedule.objects.filter(state="SCHEDULED").exists())
    survivor.send_signal(signal.SIGTERM)

    assert survivor.wait(SECONDS) == 0
    target.refresh_from_db()
    assert count_posted() == 60
    assert (target.balance_minor, target.entry_count) == (60_00, 60)
    assert Schedule.objects.filter(state="REJECTED").count() == 3
    told = AuditEvent.objects.filter(action__in=["schedule.posted", "schedule.rejected"])
    assert told.count() == 63
    assert not told.values("subject").annotate(times=Count("pk")).filter(times__gt=1).exists()
    with connection.cursor() as cursor:
        assert mismatches(cursor) == {}


def _waiting_jobs() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM procrastinate_jobs"
            " WHERE status = 'todo' AND task_name = 'schedules.post_at_its_time' LIMIT 1"
        )
        return cursor.fetchone() is not None


def test_worker_killed_in_the_middle_of_a_posting_leaves_it_to_the_next(
    start_worker: Start, own_database: OwnDatabase
) -> None:
    target = make_balance()
    kept = make_schedule(source=RENT, destination=target, due_in=timedelta(seconds=2))

    # Held before there is a worker, which may then be as quick as it likes.
    with own_database.owner() as other:
        other.execute(LOCK, [target.pk])
        worker = start_worker()
        wait_for(lambda: _ask(WAITING) > 0)
        # Somebody else who comes by does not wait long, and does not post it as well.
        assert post_due() == 0
        worker.kill()
        worker.wait()
    wait_for(lambda: post_due() == 1)

    kept.refresh_from_db()
    target.refresh_from_db()
    assert kept.state == "POSTED"
    assert target.entry_count == 1


def test_worker_killed_in_the_middle_of_an_expiry_leaves_it_to_the_next(
    start_worker: Start, own_database: OwnDatabase
) -> None:
    target = make_balance()
    expires_at = timezone.now() + timedelta(seconds=1)
    held = place_hold(source=RENT, destination=target, expires_at=expires_at)

    with own_database.owner() as other:
        other.execute(LOCK, [target.pk])
        worker = start_worker()
        wait_until(expires_at)
        # It may have begun by itself, as it does each minute.
        with suppress(AlreadyEnqueued):
            expire_holds.configure().defer(timestamp=0)
        wait_for(lambda: _ask(WAITING) > 0)
        worker.kill()
        worker.wait()
    wait_for(lambda: expire_due() == 1)

    assert expire_due() == 0
    target.refresh_from_db()
    assert target.inflight_minor == 0
    assert Transaction.objects.filter(parent=held, kind="EXPIRY").count() == 1


def _ask(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])


def test_worker_that_has_lost_its_database_goes_on_trying_and_ends_when_told(
    start_worker: Start, own_database: OwnDatabase
) -> None:
    worker = start_worker()
    wait_for(lambda: _ask("SELECT count(*) FROM procrastinate_workers") == 1)
    connection.close()
    own_database.cluster.drop_database(own_database.name)
    time.sleep(2)
    assert worker.poll() is None

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(SECONDS) == 0


def test_busy_balance_leaves_it_scheduled(own_database: OwnDatabase) -> None:
    target = make_balance()
    kept = make_schedule(source=RENT, destination=target, due_in=SOON)
    wait_until(kept.due_at)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")

    with own_database.owner() as other:
        other.execute("SELECT FROM balances_balance WHERE id = %s FOR UPDATE", [target.pk])
        assert post_due() == 0
    kept.refresh_from_db()

    assert kept.state == "SCHEDULED"
    assert post_due() == 1


def test_schedule_that_is_being_posted_cannot_be_cancelled(own_database: OwnDatabase) -> None:
    kept = make_schedule(source=RENT, destination=make_balance())
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")

    with own_database.app() as other:
        other.execute("SELECT FROM schedules_schedule WHERE id = %s FOR UPDATE", [kept.pk])
        for attempt in (cancel, post_now):
            with pytest.raises(BusyError):
                attempt(kept, actor=None)

    assert cancel(kept, actor=None).state == "CANCELLED"
    assert kept.due_at > timezone.now()
