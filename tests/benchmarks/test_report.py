from __future__ import annotations

from benchmarks.measuring import Comparison, Window
from benchmarks.report import Bound, Result, line, ratio_result

AT_LEAST = Bound({"ratio": 0.7}, {"ratio": 1.1})
AT_MOST = Bound({"p50_ms": 10, "p99_ms": 30}, {"p50_ms": 4, "p99_ms": 8}, at_most=True)


def comparison(*rates: tuple[float, float]) -> Comparison:
    return Comparison([Window(work, 1) for work, _ in rates], [Window(by, 1) for _, by in rates])


def test_ratio_is_median_of_ratios_of_rounds() -> None:
    result = ratio_result("function", comparison((50, 100), (90, 100), (800, 1000)), AT_LEAST)

    assert result.figures == {"ratio": 0.8}


def test_ratio_below_floor_is_not_ok() -> None:
    assert not ratio_result("function", comparison((69, 100)), AT_LEAST).is_ok
    assert ratio_result("function", comparison((70, 100)), AT_LEAST).is_ok


def test_every_figure_at_most_must_hold() -> None:
    assert Result("ledgers-time", {"p50_ms": 10, "p99_ms": 30}, AT_MOST).is_ok
    assert not Result("ledgers-time", {"p50_ms": 9, "p99_ms": 31}, AT_MOST).is_ok


def test_yardstick_that_moved_by_more_than_half_is_told() -> None:
    steady = ratio_result("function", comparison((80, 100), (80, 150)), AT_LEAST)
    moved = ratio_result("function", comparison((80, 100), (80, 151)), AT_LEAST)

    assert not any("moved" in note for note in steady.notes)
    assert any("moved" in note for note in moved.notes)


def test_json_has_plain_bounds_where_there_is_one_figure() -> None:
    ratio = Result("function", {"ratio": 0.8}, AT_LEAST)
    times = Result("ledgers-time", {"p50_ms": 3.14159, "p99_ms": 9}, AT_MOST)

    assert ratio.as_json() == {"name": "function", "ratio": 0.8, "floor": 0.7, "goal": 1.1}
    assert times.as_json() == {
        "name": "ledgers-time",
        "p50_ms": 3.142,
        "p99_ms": 9,
        "floor": {"p50_ms": 10, "p99_ms": 30},
        "goal": {"p50_ms": 4, "p99_ms": 8},
    }


def test_ratio_is_told_with_the_rates_that_it_hides() -> None:
    result = ratio_result("refusals", comparison((40, 50), (36, 60), (42, 55)), AT_LEAST)

    assert "40/s of 55/s" in line(result)
    assert result.as_json() == {
        "name": "refusals",
        "ratio": 0.764,
        "rate": 40,
        "yardstick_rate": 55,
        "cpu_us": 1,
        "yardstick_cpu_us": 1,
        "floor": 0.7,
        "goal": 1.1,
    }


def test_line_says_whether_the_floor_or_the_goal_is_reached() -> None:
    below, ok, goal = (
        line(ratio_result("function", comparison((rate, 100)), AT_LEAST)) for rate in (60, 80, 120)
    )

    assert below.startswith("BELOW")
    assert ok.startswith("ok")
    assert goal.startswith("goal")
