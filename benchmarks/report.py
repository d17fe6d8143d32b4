"""What a run found: against floors and goals, for people and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.measuring import Comparison, Window

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Bound:
    """The least to reach now and the goal behind it; `at_most`: the less the better."""

    floor: Figures
    goal: Figures
    at_most: bool = False

    def holds(self, figures: Figures, bound: Figures) -> bool:
        if self.at_most:
            return all(figures[name] <= limit for name, limit in bound.items())
        return all(figures[name] >= limit for name, limit in bound.items())


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: figures by name (`ratio`, `p50_ms`, `p99_ms`, `bytes` …).

    `absolute` is what a ratio hides, and no bound looks at: `rate` and `cpu_us` of the work and,
    as `yardstick_…`, of what it is compared with.
    """

    name: str
    figures: Figures
    bound: Bound
    notes: tuple[str, ...] = ()
    absolute: Figures = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """Whether the floor holds."""
        return self.bound.holds(self.figures, self.bound.floor)

    @property
    def reaches_goal(self) -> bool:
        return self.bound.holds(self.figures, self.bound.goal)

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            **{name: round(value, 3) for name, value in self.figures.items()},
            **{name: round(value) for name, value in self.absolute.items()},
            "floor": _plain(self.bound.floor),
            "goal": _plain(self.bound.goal),
        }


def ratio_result(name: str, comparison: Comparison, bound: Bound) -> Result:
    """The result of a comparison, with its spread and what each transaction cost."""
    ratios = comparison.ratios
    absolute = {
        "rate": _rate(comparison.work),
        "yardstick_rate": _rate(comparison.yardstick),
        "cpu_us": _cpu(comparison.work),
        "yardstick_cpu_us": _cpu(comparison.yardstick),
    }
    notes = [
        f"{min(ratios):.2f}-{max(ratios):.2f}",
        "{rate:,.0f}/s of {yardstick_rate:,.0f}/s".format(**absolute),
        "CPU {cpu_us:,.0f} of {yardstick_cpu_us:,.0f} µs each".format(**absolute),
    ]
    if comparison.has_moved:
        notes.append("the yardstick itself moved by more than half")
    return Result(name, {"ratio": comparison.ratio}, bound, tuple(notes), absolute)


NAME_WIDTH = 24


def line(result: Result) -> str:
    """A line for people: figures, floor, goal and how the rounds spread."""
    state = "goal" if result.reaches_goal else "ok" if result.is_ok else "BELOW"
    sign = "≤" if result.bound.at_most else "≥"
    figures = " / ".join(_figure(name, value) for name, value in result.figures.items())
    floor = " / ".join(f"{value:g}" for value in result.bound.floor.values())
    goal = " / ".join(f"{value:g}" for value in result.bound.goal.values())
    notes = "; ".join(result.notes)
    return (
        f"{state:5}  {result.name:{NAME_WIDTH}}  {figures:>20}  "
        f"floor {sign} {floor}, goal {sign} {goal}  {notes}"
    ).rstrip()


def _figure(name: str, value: float) -> str:
    if name == "ratio":
        return f"{value:.2f} ×"
    if name.endswith("_ms"):
        return f"{name.removesuffix('_ms')} {value:.1f} ms"
    return f"{value:,.0f} {name}"


def _plain(bound: Figures) -> object:
    """A single bound as a number, several by name."""
    return next(iter(bound.values())) if len(bound) == 1 else dict(bound)


def _rate(windows: list[Window]) -> float:
    return statistics.median(window.rate for window in windows)


def _cpu(windows: list[Window]) -> float:
    return statistics.median(window.cpu_us for window in windows)
