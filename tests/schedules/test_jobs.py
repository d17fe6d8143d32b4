from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, cast

from django.db import connection
from django.utils import timezone
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app, connector_params

from tests.conftest import OwnDatabase
from tests.factories import make_balance
from tests.schedules.building import SOON, make_request, make_schedule, wait_until
from transactions.posting import hold
from transactions.requests import HoldRequest, Indicator

RENT = Indicator("@Rent", "GBP")


def work_once() -> None:
    """Do every periodic job, and those that wait, as a worker does."""

    async def work() -> None:
        connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=2)
        with app.replace_connector(connector):
            async with app.open_async():
                for periodic in app.periodic_registry.periodic_tasks.values():
                    await periodic.task.defer_async(timestamp=0)
                await app.run_worker_async(
                    wait=False, delete_jobs="successful", install_signal_handlers=False
                )

    # The tests with a browser leave an event loop in this thread.
    with ThreadPoolExecutor(1) as other_thread:
        other_thread.submit(lambda: asyncio.run(work())).result()


def ask(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cast("list[Any]", cursor.fetchall())


def test_each_turn_posts_expires_rolls_up_and_takes_up_what_was_lost(
    own_database: OwnDatabase,
) -> None:
    target = make_balance()
    due_at = timezone.now() + SOON
    legs = make_request(source=RENT, destination=target, amount_minor=3_00).legs
    held = hold(HoldRequest("held", legs, expires_at=due_at))
    kept = make_schedule(source=RENT, destination=target, due_in=SOON)
    with own_database.owner() as raw:  # what a worker was at that was killed
        raw.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, queueing_lock) VALUES"
            " ('default', 'schedules.post_due', 'doing', NULL),"
            " ('default', 'schedules.post_at_its_time', 'doing', 'one'),"
            " ('default', 'schedules.post_at_its_time', 'doing', 'two'),"
            " ('default', 'schedules.post_at_its_time', 'todo', 'two')"
        )
    wait_until(max(due_at, kept.due_at) + timedelta(milliseconds=50))

    work_once()

    kept.refresh_from_db()
    assert kept.state == "POSTED"
    assert ask(
        f"SELECT ended_as FROM transactions_hold WHERE transaction_id = {held.transaction_id}"
    ) == [("EXPIRY",)]
    assert ask("SELECT entry_id > 0 FROM reports_rollmark") == [(True,)]
    assert ask("SELECT task_name, status FROM procrastinate_jobs") == []
