"""Pages of a queryset that is always the same, or but for a value: Django writes their SQL once.

Building a query and writing its SQL takes several times as long as reading twenty rows by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from web.pagination import Key, Ordered
from web.statements import fetch_all, fetch_row, unseen


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes in the parameters of a statement; its place among those of the cursor."""

    place: int


# In a queryset: the number that is given with each request, behind those of the cursor.
GIVEN = RawSQL(unseen("%s", "bigint"), (Slot(-1),))  # noqa: S611 -- a constant


@dataclass(frozen=True, slots=True)
class Statement:
    """What Django has written for a queryset of `.values()`.

    `converters` are those of the columns that the database gives otherwise than Django does.
    """

    sql: str
    parameters: tuple[Any, ...]
    names: tuple[str, ...]
    converters: tuple[tuple[str, Callable[[Any], Any]], ...]

    @classmethod
    def of(cls, queryset: QuerySet[Any, Any]) -> Statement:
        compiler = queryset.query.get_compiler(queryset.db)
        sql, parameters = compiler.as_sql()
        names = tuple(queryset.query.selected or ())
        columns = [expression for expression, _sql, _alias in compiler.select]
        converters = tuple(
            (names[place], _converter(functions, expression))
            for place, (functions, expression) in compiler.get_converters(columns).items()
        )
        return cls(sql, tuple(parameters), names, converters)

    def count(self) -> int:
        """How many rows it has, where nothing goes into slots."""
        (count,) = fetch_row(f"SELECT count(*) FROM ({self.sql}) AS counted", self.parameters)  # noqa: S608 -- Django's
        return int(count)

    def read(self, values: Sequence[Any]) -> list[dict[str, Any]]:
        """Its rows; `values` are those that go into the slots."""
        filled = [
            values[each.place] if isinstance(each, Slot) else each for each in self.parameters
        ]
        rows = [dict(zip(self.names, row, strict=True)) for row in fetch_all(self.sql, filled)]
        for name, convert in self.converters:
            for row in rows:
                row[name] = convert(row[name])
        return rows


def _converter(functions: Sequence[Callable[..., Any]], column: Any) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        for function in functions:
            value = function(value, column, connection)
        return value

    return convert


@dataclass(frozen=True, slots=True)
class Standing:
    """A source of `web.pagination.paginate`: `.values()` that no request changes.

    All keys of an order have one direction. Where `GIVEN` stands in the queryset, `given` is read.
    """

    queryset: QuerySet[Any, Any]
    given: tuple[Any, ...] = ()
    _statements: dict[object, Statement] = field(default_factory=dict, compare=False)

    def giving(self, value: object) -> Standing:
        """The same with another value; the statements are shared."""
        return Standing(self.queryset, (value,), self._statements)

    @property
    def label(self) -> str:
        return Ordered(self.queryset).label

    def read(
        self, keys: Sequence[Key], after: Sequence[Any] | None, limit: int
    ) -> list[dict[str, Any]]:
        shape = (tuple(keys), after is None, limit)
        statement = self._statements.get(shape)
        if statement is None:
            slots = None if after is None else [Slot(place) for place in range(len(keys))]
            page = Ordered(self.queryset).select(keys, slots, limit)
            statement = self._statements[shape] = Statement.of(page)
        return statement.read((*(after or ()), *self.given))
