"""Bulk actions that take longer than a person waits, done by `manage.py work`."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from bulk.doing import go_on
from bulk.models import Run
from bulk.removing import remove_old_plans
from transactions.errors import BusyError

GO_ON = "bulk.go_on"


@app.task(name=GO_ON, retry=RetryStrategy(max_attempts=50, wait=5, retry_exceptions=[BusyError]))
def go_on_with(run_id: int) -> None:
    go_on(Run.objects.select_related("user").get(pk=run_id))


@app.periodic(cron="* * * * *")
@app.task(name="bulk.take_up_lost", queueing_lock="bulk.take_up_lost")
def take_up_lost(timestamp: int) -> None:
    """Go on with what a process left that was killed; the others are locked, and passed over."""
    for run in Run.objects.select_related("user").filter(started_at__isnull=False, ended_at=None):
        go_on(run)


@app.periodic(cron="17 * * * *")
@app.task(name="bulk.remove_plans", queueing_lock="bulk.remove_plans")
def remove_plans(timestamp: int) -> None:
    """Nobody will start any more what was reviewed more than a day ago."""
    remove_old_plans()
