"""Pages of one list whose rows lie in several tables: each arm walks an index of its own.

Every arm is ordered, begins after the cursor and ends with the page, so that merging them costs
the same however long they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from web.pagination import Key
from web.statements import fetch_all, fetch_row

MERGED = "SELECT * FROM ({rows}) AS arms {ordered}"
COUNT = "SELECT count(*) FROM ({rows}) AS arms"


@dataclass(frozen=True, slots=True)
class Arm:
    """A SELECT of the fields of `Arms`, with `{after}` at the end of a WHERE, and `{ordered}`.

    `keys` are the columns of the order, as they are called where `{after}` stands.
    """

    sql: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arms:
    """A list made of arms that share no row. `label` ties cursors to it."""

    label: str
    fields: tuple[str, ...]
    arms: tuple[Arm, ...]
    parameters: Mapping[str, Any]

    def read(
        self, keys: Sequence[Key], after: Sequence[Any] | None, limit: int
    ) -> list[dict[str, Any]]:
        """The first `limit` rows in the order of `keys`, or of those after these values."""
        direction = " DESC" if keys[0].descending else ""
        order = ", ".join(f"{key.field}{direction}" for key in keys)
        ordered = f"ORDER BY {order} LIMIT {limit}"
        operator = "<" if keys[0].descending else ">"
        values = {f"after_{place}": value for place, value in enumerate(after or ())}
        texts = [
            arm.sql.format(after=_after(arm, values, operator), ordered=ordered)
            for arm in self.arms
        ]
        sql = texts[0]
        if len(texts) > 1:
            union = " UNION ALL ".join(f"({text})" for text in texts)
            sql = MERGED.format(rows=union, ordered=ordered)
        rows = fetch_all(sql, {**self.parameters, **values})
        return [dict(zip(self.fields, row, strict=True)) for row in rows]

    def count(self, *, maximum: int | None = None) -> int:
        """How many rows there are; reads no more than `maximum` of each arm."""
        limit = "" if maximum is None else f"LIMIT {maximum}"
        texts = (arm.sql.format(after="", ordered=limit) for arm in self.arms)
        rows = " UNION ALL ".join(f"({text})" for text in texts)
        count = int(fetch_row(COUNT.format(rows=rows), self.parameters)[0])
        return count if maximum is None else min(count, maximum)


def _after(arm: Arm, values: Mapping[str, Any], operator: str) -> str:
    if not values:
        return ""
    places = ", ".join(f"%({name})s" for name in values)
    return f"AND ({', '.join(arm.keys)}) {operator} ({places})"
