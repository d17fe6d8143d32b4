"""The orders of a list of transactions, and how statements say them."""

# Statements are put together of constants; every value is bound.
# ruff: noqa: S611

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from web.pagination import Key

SORTS = {
    "effective": ("effective_at", "transaction_id"),
    "created": ("transaction_id",),
    "amount": ("amount", "transaction_id"),
    "reference": ("reference",),
}


def sorted_by(keys: Sequence[Key]) -> str:
    """ORDER BY these keys."""
    order = ", ".join(f'"{key.field}"{" DESC" if key.descending else ""}' for key in keys)
    return f"ORDER BY {order}" if keys else ""


def first_by(keys: Sequence[Key], limit: int) -> str:
    """The first rows in the order of these keys."""
    return f"{sorted_by(keys)} LIMIT {limit:d}"


def comes_after(keys: Sequence[Key]) -> str:
    """That a row comes after the values of the keys, which are to be bound: compared as a whole."""
    columns = ", ".join(f'"{key.field}"' for key in keys)
    values = ", ".join(["%s"] * len(keys))
    return f"({columns}) {'<' if keys[0].descending else '>'} ({values})"


def after_values(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """The same as a condition on `FoundTransaction`, which one range of an index answers."""
    operator, lookup = ("<", "lt") if keys[0].descending else (">", "gt")
    if len(keys) == 1:
        field = "transaction__reference" if keys[0].field == "reference" else keys[0].field
        return Q(**{f"{field}__{lookup}": values[0]})
    columns = ", ".join(f'"search_found"."{key.field}"' for key in keys)
    sql = f"({columns}) {operator} (%s, %s)"
    return Q(RawSQL(sql, values, output_field=BooleanField()))
