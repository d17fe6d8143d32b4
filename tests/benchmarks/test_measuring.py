from __future__ import annotations

from benchmarks.measuring import Done, compare, repeat


def test_compare_warms_up_once_and_alternates_who_goes_first() -> None:
    order: list[str] = []

    def work() -> Done:
        order.append("work")
        return Done(10, 1.0)

    def yardstick() -> Done:
        order.append("yardstick")
        return Done(20, 1.0)

    comparison = compare(work, yardstick, rounds=2, on_round=lambda _number: None)

    assert order == ["work", "yardstick", "yardstick", "work", "work", "yardstick"]
    assert comparison.ratios == [0.5, 0.5]


def test_repeat_goes_on_until_the_work_itself_took_its_seconds() -> None:
    assert repeat(lambda: Done(5, 0.4), seconds=1.0).count == 15
