from __future__ import annotations

from procrastinate.contrib.django import app

from reports.lookalikes import find_lookalikes
from reports.rolling import roll_up_days


@app.periodic(cron="* * * * *")
@app.task(name="reports.roll_up_days", queueing_lock="reports.roll_up_days")
def roll_up(timestamp: int) -> None:
    roll_up_days()


@app.periodic(cron="* * * * *")
@app.task(name="reports.find_lookalikes", queueing_lock="reports.find_lookalikes")
def look_for_lookalikes(timestamp: int) -> None:
    find_lookalikes()
