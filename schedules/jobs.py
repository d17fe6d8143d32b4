"""What is done in the background, and when; `manage.py work` does it.

An app that lies above has a `jobs.py` like this one, which is found by its name.

Nothing here is done exactly once because the queue says so, only because rows are locked and
references unique: a job may be lost, repeated, or run by two workers at the same time. Each is
short, and leaves what it did not reach to its next turn.
"""

from __future__ import annotations

from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from schedules.due import post_due
from schedules.operations import POST_AT_ITS_TIME
from transactions.lifecycle import expire_due

EACH_MINUTE = "* * * * *"
EACH_FIVE_MINUTES = "*/5 * * * *"


@app.task(name=POST_AT_ITS_TIME)
def post_at_its_time() -> None:
    """Deferred with each schedule; the first that runs posts all that are due then."""
    post_due()


@app.periodic(cron=EACH_MINUTE)
@app.task(name="schedules.post_due", queueing_lock="schedules.post_due")
def post_what_is_due(timestamp: int) -> None:
    post_due()


@app.periodic(cron=EACH_MINUTE)
@app.task(name="schedules.expire_holds", queueing_lock="schedules.expire_holds")
def expire_holds(timestamp: int) -> None:
    expire_due()


@app.periodic(cron=EACH_FIVE_MINUTES)
@app.task(name="schedules.take_up_lost", queueing_lock="schedules.take_up_lost")
async def take_up_lost_jobs(timestamp: int) -> None:
    """Do again what a worker had begun that was killed; what comes each minute has been done."""
    periodic = {name for name, _id in app.periodic_registry.periodic_tasks}
    for job in await app.job_manager.get_stalled_jobs():
        if job.task_name in periodic:
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
            continue
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:  # it was asked for again meanwhile
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
