"""What is done in the background, and when; `manage.py work` does it.

An app that lies above has a `jobs.py` like this one, which is found by its name.

Nothing here is done exactly once because the queue says so, only because rows are locked and
references unique: a job may be lost, repeated, or run by two workers at the same time. Each is
short, and leaves what it did not reach to its next turn.
"""

from __future__ import annotations

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from schedules.batch_jobs import REVERSE_BATCH, reverse_deferred
from schedules.operations import POST_SCHEDULED, post_due, post_scheduled
from transactions.batch_reversals import Batch
from transactions.errors import BusyError
from transactions.lifecycle import expire_due
from transactions.models import Transaction
from users.models import User

EACH_MINUTE = "* * * * *"
EACH_HOUR = "17 * * * *"


@app.task(name=POST_SCHEDULED)
def post_one(pk: int) -> None:
    """Deferred with each schedule, for its very time."""
    post_scheduled(pk)


@app.periodic(cron=EACH_MINUTE)
@app.task(name="schedules.post_due", queueing_lock="schedules.post_due")
def post_what_is_due(timestamp: int) -> None:
    post_due()


@app.periodic(cron=EACH_MINUTE)
@app.task(name="schedules.expire_holds", queueing_lock="schedules.expire_holds")
def expire_holds(timestamp: int) -> None:
    expire_due()


@app.task(
    name=REVERSE_BATCH,
    retry=RetryStrategy(max_attempts=20, wait=15, retry_exceptions=[BusyError]),
)
def reverse_whole_batch(
    batch_id: str, count: int, description: str, asked_at: int, actor: int
) -> None:
    reverse_deferred(
        Batch(UUID(batch_id), count, ()),
        description=description,
        asked_at=Transaction.objects.get(pk=asked_at),
        actor=User.objects.get(pk=actor),
    )


@app.periodic(cron=EACH_HOUR)
@app.task(name="schedules.forget_lost", queueing_lock="schedules.forget_lost")
async def forget_lost_jobs(timestamp: int) -> None:
    """Drop the jobs of workers that were killed: others have done their work meanwhile."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
