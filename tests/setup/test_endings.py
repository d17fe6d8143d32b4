"""However `up` ends, no process is left and no committed posting is lost."""

from __future__ import annotations

import os
import pty
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest

from tests.setup.running import ROOT, Up, environment, run

POST_FIVE = """
from tests.factories import make_balance
make_balance(opening_minor=500)
"""
POSTED = """
from transactions.models import Entry
print(list(Entry.objects.values_list("amount_minor", flat=True)))
"""
# A terminal sends its signals to the session that it controls. Whoever runs the tests may ignore
# that one is closed (nohup), and what they start would, too.
LEAD_SESSION = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGHUP, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def press_ctrl_c(running: Up, terminal: int) -> None:
    os.write(terminal, b"\x03")


def close_terminal(running: Up, terminal: int) -> None:
    running.hang_up()


def terminate(running: Up, terminal: int) -> None:
    os.kill(running.process.pid, signal.SIGTERM)


def kill(running: Up, terminal: int) -> None:
    os.kill(running.process.pid, signal.SIGKILL)


def start_in_terminal(data: Path) -> tuple[Up, int]:
    """`up` in a terminal of its own, and our end of that terminal."""
    ours, theirs = pty.openpty()
    env = environment(data)
    process = Popen(
        [sys.executable, "-c", LEAD_SESSION, sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    return Up(process, ours, env), ours


@pytest.mark.parametrize(
    ("ending", "status"),
    [(press_ctrl_c, 0), (close_terminal, 0), (terminate, 0), (kill, -signal.SIGKILL)],
)
def test_nothing_is_left_and_nothing_is_lost(
    ending: Callable[[Up, int], None], status: int, data: Path
) -> None:
    running, terminal = start_in_terminal(data)
    running.shell(POST_FIVE)
    assert len(running.family) > 5

    ending(running, terminal)

    assert running.wait_until_gone() == status
    running.hang_up()
    posted = run("shell", "--no-imports", "-c", POSTED, env=environment(data))
    assert posted.stdout == "[500, 500]\n"
