"""Work against its yardstick, in alternating windows of one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MOVED = 1.5
_BUSY = (0, 1, 2, 5, 6)  # user, nice, system, irq, softirq


@dataclass(frozen=True, slots=True)
class Done:
    """What was done in a window: how many, in how many seconds."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Window:
    """Done a second, and microseconds of the whole machine's CPU for each."""

    rate: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rounds of a run: the work and its yardstick side by side."""

    work: list[Window]
    yardstick: list[Window]

    @property
    def ratios(self) -> list[float]:
        return [
            work.rate / yardstick.rate
            for work, yardstick in zip(self.work, self.yardstick, strict=True)
        ]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios)

    @property
    def has_moved(self) -> bool:
        """Whether the yardstick itself changed by more than half within the run."""
        rates = [window.rate for window in self.yardstick]
        return max(rates) / min(rates) > MOVED


Work = Callable[[], Done]


def compare(
    work: Work,
    yardstick: Work,
    *,
    rounds: int,
    on_round: Callable[[int], None],
    warms_up: bool = True,
) -> Comparison:
    """Run both once to warm up, then alternate them; who goes first changes each round."""
    if warms_up:
        work()
        yardstick()
    done: dict[Work, list[Window]] = {work: [], yardstick: []}
    for number in range(rounds):
        on_round(number + 1)
        for each in (work, yardstick) if number % 2 else (yardstick, work):
            done[each].append(_window(each))
    return Comparison(done[work], done[yardstick])


def _window(work: Work) -> Window:
    before = cpu_seconds()
    done = work()
    cpu_us = (cpu_seconds() - before) / done.count * 1e6
    return Window(done.count / done.seconds, cpu_us)


def cpu_seconds() -> float:
    """CPU time that the machine has spent so far, on whatever; 0 where /proc is missing."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    except FileNotFoundError:
        return 0.0
    return sum(int(fields[place]) for place in _BUSY) / 100


def repeat(work: Callable[[], Done], *, seconds: float) -> Done:
    """Do `work` again and again until it has taken `seconds`; its own time counts alone."""
    count, spent = 0, 0.0
    while spent < seconds:
        done = work()
        count, spent = count + done.count, spent + done.seconds
    return Done(count, spent)


class Stopwatch:
    """Measures the seconds of a `with` block."""

    seconds = 0.0

    def __enter__(self) -> Stopwatch:
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_error: object) -> None:
        self.seconds = time.perf_counter() - self._start
