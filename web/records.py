"""One record by its public id, with those it refers to: by a statement that is built once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import Col
from django.http import Http404

from web.statements import fetch_one

ModelT = TypeVar("ModelT", bound=Model)


def find_record(model: type[ModelT], public_id: UUID, *related: str) -> ModelT | None:
    """The record with this public id, read with its `related` ones; None if there is none."""
    statement = _statement(model, related)
    row = fetch_one(statement.sql, [public_id])
    return None if row is None else cast(ModelT, statement.read(row))


def get_record_or_404(model: type[ModelT], public_id: UUID, *related: str) -> ModelT:
    """`find_record` for the address of a page.

    Raises:
        Http404: there is no such record.
    """
    record = find_record(model, public_id, *related)
    if record is None:
        raise Http404
    return record


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of one model lie in a row, and how each value is converted."""

    model: type[Model]
    names: Sequence[str]
    sql: str
    first: int
    converters: Sequence[tuple[int, Callable[..., Any], Col]]

    @classmethod
    def of(cls, model: type[Model], alias: str, *, first: int) -> _Columns:
        fields = model._meta.concrete_fields
        columns = [field.get_col(alias) for field in fields]
        converters = [
            (number, converter, column)
            for number, column in enumerate(columns)
            for converter in (
                *connection.ops.get_db_converters(column),
                *column.get_db_converters(connection),
            )
        ]
        quoted = [f"{alias}.{field.column}" for field in fields]
        return cls(model, [field.attname for field in fields], ", ".join(quoted), first, converters)

    def read(self, row: Sequence[Any]) -> Model | None:
        """The record in a row; None where an outer join found none."""
        values = list(row[self.first : self.first + len(self.names)])
        for number, converter, column in self.converters:
            values[number] = converter(values[number], column, connection)
        record = self.model.from_db("default", self.names, values)
        return None if record.pk is None else record


@dataclass(frozen=True, slots=True)
class _Statement:
    sql: str
    record: _Columns
    related: Sequence[tuple[str, _Columns]]

    def read(self, row: Sequence[Any]) -> Model | None:
        record = self.record.read(row)
        for name, columns in self.related:
            setattr(record, name, columns.read(row))
        return record


@cache
def _statement(model: type[Model], related: tuple[str, ...]) -> _Statement:
    record = _Columns.of(model, "record", first=0)
    selected, joins, parts = [record], "", []
    for name in related:
        field = cast(Any, model._meta.get_field(name))
        first = selected[-1].first + len(selected[-1].names)
        columns = _Columns.of(field.related_model, name, first=first)
        selected.append(columns)
        parts.append((name, columns))
        joins += (
            f" LEFT JOIN {columns.model._meta.db_table} AS {name}"
            f" ON {name}.{field.target_field.column} = record.{field.column}"
        )
    listed = ", ".join(columns.sql for columns in selected)
    table = model._meta.db_table
    sql = f"SELECT {listed} FROM {table} AS record{joins} WHERE record.public_id = %s"  # noqa: S608 -- names of models
    return _Statement(sql, record, parts)
