"""The floors to reach now and the goals behind them, by name of the work."""

from __future__ import annotations

from benchmarks.report import Bound


def _ratio(floor: float, goal: float, *, at_most: bool = False) -> Bound:
    return Bound({"ratio": floor}, {"ratio": goal}, at_most)


POSTING = {
    "function": _ratio(0.7, 1.1),
    "holds": _ratio(0.4, 0.8),
    "python-1": _ratio(0.9, 1.3),
    "python-8": _ratio(0.4, 0.8),
    "hot-balance": _ratio(0.3, 1.0),
    "batches": _ratio(0.4, 0.65),
    "refusals": _ratio(0.9, 1.0),
    "differences": Bound({"differences": 0}, {"differences": 0}, at_most=True),
    "disk": Bound({"bytes": 1300}, {"bytes": 900}, at_most=True),
    "import": _ratio(0.5, 0.8),
}
GROWTH = _ratio(1.3, 1.1, at_most=True)
TIME = Bound({"p50_ms": 10, "p99_ms": 30}, {"p50_ms": 4, "p99_ms": 8}, at_most=True)
THROUGHPUT = _ratio(0.05, 0.12)
# CPU of the web server in percent of a core, for two hundred tabs that look.
LIVE = {
    "live-idle": Bound(
        {"cpu_percent": 40, "statements/s": 60}, {"cpu_percent": 20, "statements/s": 30}, True
    ),
    "live-posting": Bound(
        {"told_ms": 2500, "cpu_percent": 60}, {"told_ms": 2000, "cpu_percent": 30}, True
    ),
    "live-busy": Bound({"cpu_percent": 80}, {"cpu_percent": 40}, True),
    "live-figures": Bound({"cpu_percent": 80}, {"cpu_percent": 40}, True),
    "live-filtered": Bound({"cpu_percent": 80}, {"cpu_percent": 40}, True),
}
# For each row sent, and what the process that sends them grows by.
EXPORT = Bound({"us/row": 500, "mb": 60}, {"us/row": 100, "mb": 30}, at_most=True)
