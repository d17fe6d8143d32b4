"""Runs the project's commands as a person would, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90


def environment(data: Path, **more: str) -> dict[str, str]:
    """What a person's shell has, and nothing of the tests' own settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "DAYBOOK_DATA": str(data), **more}


def run(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


class Up:
    """A `manage.py up` that has said where it is."""

    def __init__(
        self, process: subprocess.Popen[bytes], output: int, env: Mapping[str, str]
    ) -> None:
        self.process = process
        self.env = env
        self.said = ""
        self._output = output
        self._hung_up = threading.Event()
        # Somebody must go on reading, or a chatty server waits for ever.
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            self._wait_until_it_serves()
        except AssertionError:
            process.terminate()
            raise
        self.family = descendants(process.pid)

    def _wait_until_it_serves(self) -> None:
        process = self.process
        wait_for(lambda: "Ctrl-C stops it" in self.said or process.poll() is not None)
        assert process.poll() is None, f"`up` ended with {process.returncode}: {self.said}"

    def hang_up(self) -> None:
        """Close our end of what `up` writes to."""
        if not self._hung_up.is_set():
            self._hung_up.set()
            self._listener.join()
            os.close(self._output)

    def _listen(self) -> None:
        while not self._hung_up.is_set():
            if not select.select([self._output], [], [], 0.1)[0]:
                continue
            try:
                text = os.read(self._output, 65536)
            except OSError:  # a terminal whose other end is gone
                return
            if not text:
                return
            self.said += text.decode().replace("\r\n", "\n")

    @property
    def address(self) -> str:
        found = re.search(r"Daybook is at (\S+)", self.said)
        assert found
        return found[1]

    @property
    def data(self) -> Path:
        return Path(self.env["DAYBOOK_DATA"])

    @property
    def password(self) -> str:
        found = re.search(r"with the password (\S+) \(shown this once\)", self.said)
        assert found, self.said
        return found[1]

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        client = HTTPConnection(urlsplit(self.address).netloc, timeout=20)
        client.request("GET", path, headers=headers)
        answer = client.getresponse()
        body = answer.read().decode()
        client.close()
        return answer.status, body

    def health(self) -> tuple[int, dict[str, str]]:
        status, body = self.get("/healthz")
        return status, json.loads(body)

    def shell(self, code: str) -> str:
        """What a command says that runs beside."""
        result = run("shell", "--no-imports", "-c", code, env=self.env)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.wait_until_gone()
        self.hang_up()
        print(self.said)  # pytest shows it when the test failed

    def wait_until_gone(self) -> int:
        """The status `up` ended with, once nothing that it started is left."""
        status = self.process.wait(SECONDS)
        wait_for(lambda: not any(map(is_running, self.family)))
        return status


def start_up(env: Mapping[str, str], *arguments: str) -> Up:
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", *arguments],
        cwd=ROOT,
        env=env,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    return Up(process, ours, env)


def wait_for(true: Callable[[], bool], *, seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    """The processes that `pid` started, and those that they started."""
    found, parents = [], _parents()
    family = {pid}
    while grown := [child for child, parent in parents.items() if parent in family]:
        found += grown
        family = set(grown)
    return found


def is_running(pid: int) -> bool:
    state = _stat(pid)
    return state is not None and state[0] not in "ZX"


def _parents() -> dict[int, int]:
    states = {int(path.name): _stat(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    return {pid: int(state[1]) for pid, state in states.items() if state}


def _stat(pid: int) -> tuple[str, str] | None:
    """A process's state and parent."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, parent
