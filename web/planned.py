"""Reading with a plan for the values at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db import connection

from web.statements import Parameters, Row


def fetch_planned(sql: str, parameters: Parameters = ()) -> list[Row]:
    """All rows of a query that is planned each time it is asked.

    How many documents pass depends on what is looked for: a plan that is kept for any text and
    any amount would read all of them.
    """
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.cursor.execute(sql, parameters, prepare=False)
        return cast("list[Row]", cursor.cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Plan:
    """What the server expects of a query: how many rows, and what all of them cost."""

    rows: int
    cost: float


def explain(sql: str, parameters: Sequence[Any] = ()) -> Plan:
    """The plan for the values at hand; nothing is read."""
    ((plans,),) = fetch_planned(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
    return Plan(plans[0]["Plan"]["Plan Rows"], plans[0]["Plan"]["Total Cost"])
