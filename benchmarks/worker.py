"""A process that posts on demand: reads `seconds balances hot` lines, answers with what it did.

    python -m benchmarks.worker

`posting.post` is called one by one, each durable before the next, as a web process does. What is
posted is made up before the clock starts, as pgbench makes up its own in no time.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from contextlib import ExitStack

import django

from benchmarks.cluster import Books
from benchmarks.measuring import Done
from config.local import ROOT

# So many are ready for each second at first, and then a quarter more than were posted before.
READY_A_SECOND = 700
SPARE = 1.25


class Workers:
    """Processes that post on these books at the same time; started when first needed."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._stack = ExitStack()
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def post(self, *, processes: int, seconds: float, balances: int, hot: float = 0.0) -> Done:
        """That many post for `seconds`; the answer counts them together."""
        self._start(processes - len(self._processes))
        posting = self._processes[:processes]
        for process in posting:
            assert process.stdin
            process.stdin.write(f"{seconds} {balances} {hot}\n")
            process.stdin.flush()
        counts = [json.loads(process.stdout.readline()) for process in posting if process.stdout]
        rate = sum(count / spent for count, spent in counts)
        total = sum(count for count, _spent in counts)
        return Done(total, total / rate)

    def _start(self, count: int) -> None:
        """That many more, side by side; each says when it is ready."""
        more = [self._process() for _ in range(count)]
        for process in more:
            assert process.stdout
            process.stdout.readline()
        self._processes += more

    def _process(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            cwd=ROOT,
            env=self._books.environment() | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.enter_context(process)
        self._stack.callback(process.terminate)
        return process


def main() -> None:
    django.setup()
    from benchmarks.requests import random_requests  # noqa: PLC0415 models need the set-up
    from transactions.posting import post  # noqa: PLC0415

    rate: float = READY_A_SECOND
    print("ready", flush=True)
    for line in sys.stdin:
        seconds, balances, hot = line.split()
        requests = random_requests(int(balances), hot=float(hot))
        ready = list(itertools.islice(requests, int(float(seconds) * rate * SPARE)))
        count, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < float(seconds):
            post(ready[count] if count < len(ready) else next(requests))
            count += 1
        rate = count / spent
        print(json.dumps([count, spent]), flush=True)


if __name__ == "__main__":
    main()
