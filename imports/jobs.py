"""Imports that take longer than a person waits, done by `manage.py work`."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from imports.operations import GO_ON, go_on, go_on_with_all
from transactions.errors import BusyError


@app.task(name=GO_ON, retry=RetryStrategy(max_attempts=50, wait=5, retry_exceptions=[BusyError]))
def go_on_with(import_id: int) -> None:
    go_on(import_id)


@app.periodic(cron="* * * * *")
@app.task(name="imports.take_up_lost", queueing_lock="imports.take_up_lost")
def take_up_lost(timestamp: int) -> None:
    """Go on with what a process left that was killed."""
    go_on_with_all()
