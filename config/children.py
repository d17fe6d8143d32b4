"""The processes that `up` starts beside the database; each ends with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from config.embedded import end_watch, watch
from config.local import ROOT

STOP_SECONDS = 15
RESTARTS = 5
RESTARTS_WITHIN_SECONDS = 60


class Child:
    """A command of Daybook in a process of its own; `process` is what it is called there."""

    def __init__(
        self, command: Sequence[str], *, process: str, pass_fds: Sequence[int] = ()
    ) -> None:
        # Its own session: a terminal's Ctrl-C reaches us, and we decide what stops when.
        self._popen = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "DAYBOOK_PROCESS": process},
            stdin=subprocess.DEVNULL,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        self._watcher = watch(self._popen.pid, "TERM")

    @property
    def status(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._popen.poll()

    def stop(self) -> None:
        """Ask it to end, and end it by force with all it started if it takes too long."""
        self._popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        end_watch(self._watcher)


class Restarts:
    """Counts how often something is started again, to keep it from being tried without pause."""

    def __init__(self) -> None:
        self._moments: list[float] = []

    def is_allowed(self) -> bool:
        """Whether it may be started once more now, which then counts."""
        recent = time.monotonic() - RESTARTS_WITHIN_SECONDS
        self._moments = [moment for moment in self._moments if moment > recent]
        if len(self._moments) == RESTARTS:
            return False
        self._moments.append(time.monotonic())
        return True


class Worker:
    """`manage.py work`, which does what is to be done in the background."""

    def __init__(self) -> None:
        self._restarts = Restarts()
        self._child: Child | None = None

    def ended(self) -> bool:
        return self._child is None or self._child.status is not None

    def start_again(self) -> bool:
        """Start it, unless that was done too often of late; pages are served all the same."""
        if not self._restarts.is_allowed():
            return False
        self.stop()
        self._child = Child([sys.executable, "-m", "django", "work"], process="work")
        return True

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None
