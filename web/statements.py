"""Reading by SQL that is written once: for what every page asks, without building a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Row = tuple[Any, ...]
Parameters = Sequence[Any] | Mapping[str, Any]


def unseen(parameter: str, kind: str) -> str:
    """A parameter in SQL of which the planner does not see the value, so that it keeps one plan.

    Where values promise a cheaper plan, it plans each time anew, and takes longer than to read.
    """
    return f"(SELECT {parameter}::{kind})"


def array_of(numbers: Iterable[object]) -> str:
    """Numbers as a parameter for an array of them; given a list, the driver looks at each."""
    return f"{{{','.join(map(str, numbers))}}}"


def fetch_all(sql: str, parameters: Parameters = ()) -> list[Row]:
    """All rows. The text is sent as it is, so that the server finds the plan it has kept."""
    rows: list[Row] = _execute(sql, parameters).fetchall()
    return rows


def fetch_one(sql: str, parameters: Parameters = ()) -> Row | None:
    """The first row; None when there is none."""
    row: Row | None = _execute(sql, parameters).fetchone()
    return row


def fetch_row(sql: str, parameters: Parameters = ()) -> Row:
    """The one row of a statement that always has one, such as a count."""
    row = fetch_one(sql, parameters)
    assert row is not None
    return row


def _execute(sql: str, parameters: Parameters) -> Any:
    database: Any = connections[DEFAULT_DB_ALIAS]
    cursor = database.reading_cursor()
    cursor.execute(sql, parameters)
    return cursor
