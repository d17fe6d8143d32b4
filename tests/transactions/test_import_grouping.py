from __future__ import annotations

from collections.abc import Sequence

from transactions.importing.grouping import Group, Overview, group_rows
from transactions.importing.reading import Row


def group(references: Sequence[str], *, rows_max: int = 100) -> list[Group]:
    rows = [
        (reference, Row(line, [reference])) for line, reference in enumerate(references, start=2)
    ]
    overview = Overview(rows)
    assert overview.row_count == len(rows)
    return list(group_rows(rows, overview, rows_max=rows_max))


def lines_of(groups: Sequence[Group]) -> list[tuple[str, list[int]]]:
    return [(each.reference, [row.line for row in each.rows]) for each in groups]


def test_rows_that_stand_together_come_in_the_order_of_the_file() -> None:
    groups = group(["b", "b", "a", "c"])

    assert lines_of(groups) == [("b", [2, 3]), ("a", [4]), ("c", [5])]


def test_scattered_rows_come_together_after_the_others() -> None:
    groups = group(["z", "a", "y", "z", "y", "b"])

    assert lines_of(groups) == [("a", [3]), ("b", [7]), ("z", [2, 5]), ("y", [4, 6])]


def test_rows_without_reference_stand_alone() -> None:
    groups = group(["", "", "a", "", "a"])

    assert lines_of(groups) == [("", [2]), ("", [3]), ("", [5]), ("a", [4, 6])]


def test_long_group_comes_in_pieces_that_say_so() -> None:
    together = group(["a"] * 8 + ["b"], rows_max=3)
    scattered = group(["a"] * 4 + ["b"] + ["a"] * 4, rows_max=3)

    assert [(len(each.rows), each.is_whole) for each in together] == [
        (4, False),
        (4, False),
        (1, True),
    ]
    assert [(len(each.rows), each.is_whole) for each in scattered] == [
        (1, True),
        (4, False),
        (4, False),
    ]


def test_group_of_exactly_the_most_rows_is_whole() -> None:
    [only] = group(["a"] * 3, rows_max=3)

    assert only.is_whole
