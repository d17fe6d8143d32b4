"""The worker beside `up`: it posts what is due, and comes back whatever is killed."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from config.embedded import Cluster
from tests.setup.conftest import Start
from tests.setup.running import SECONDS, Up, descendants, environment, is_running, run, wait_for

SCHEDULE = """
from uuid import uuid4
from datetime import timedelta
from tests.schedules.building import make_schedule
from transactions.requests import Indicator
make_schedule(
    source=Indicator("@Rent", "GBP"), destination=Indicator("@Sales", "GBP"),
    reference=str(uuid4()), due_in=timedelta(seconds=2),
)
"""


def posted(running: Up) -> int:
    with Cluster(running.data).connect("daybook") as connection:
        row = connection.execute(
            "SELECT count(*) FROM schedules_schedule WHERE state = 'POSTED'"
        ).fetchone()
    assert row
    return int(row[0])


def workers(running: Up) -> list[int]:
    found = []
    for pid in descendants(running.process.pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # it may have ended since
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            found += [pid] if command[-2:-1] == [b"work"] else []
    return found


def test_worker_posts_what_is_due_and_comes_back_whatever_is_killed(data: Path, up: Start) -> None:
    running = up(data)
    (worker,) = workers(running)
    running.shell(SCHEDULE)
    wait_for(lambda: posted(running) == 1)

    os.kill(int((data / "pgdata" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    wait_for(lambda: running.health()[0] == 200)
    running.shell(SCHEDULE)
    wait_for(lambda: posted(running) == 2)
    assert workers(running) == [worker]

    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: "The worker ended; starting it again" in running.said)
    running.shell(SCHEDULE)
    wait_for(lambda: posted(running) == 3)
    (again,) = workers(running)

    os.kill(running.process.pid, signal.SIGTERM)
    assert running.process.wait(SECONDS) == 0
    assert not is_running(again)


def test_up_leaves_the_background_to_others_when_told_so(data: Path, up: Start) -> None:
    running = up(data, DAYBOOK_WORKER="false")

    assert workers(running) == []


def test_up_refuses_to_guess_what_is_meant(tmp_path: Path) -> None:
    result = run("up", env=environment(tmp_path / "data", DAYBOOK_WORKER="perhaps"))

    assert result.returncode == 1
    assert "DAYBOOK_WORKER must be true or false" in result.stderr
