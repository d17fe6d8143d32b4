"""How many rows: exact while that is cheap, and said to be rounded when it is not."""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from web.formatting import format_count
from web.statements import fetch_all

EXACT_MAX = 10_000

# What the database estimates; and the count, up to a limit, unless that is above a bound.
TABLE_SIZE = """
SELECT reltuples::bigint,
       CASE WHEN reltuples <= %s THEN (SELECT count(*) FROM (SELECT FROM {table} LIMIT %s) AS t) END
FROM pg_class WHERE oid = '{table}'::regclass
"""


def count_exact(queryset: QuerySet[Any, Any], *, maximum: int = EXACT_MAX) -> str:
    """As "9,120", or "10,000+" when there are more than `maximum` rows; reads no more than that.

    A whole table is not read at all when the database holds it for twice as large: it is
    never that far off, since tables that are counted only grow.
    """
    count: int | None
    if queryset.query.where:
        count = queryset.order_by()[: maximum + 1].count()
    else:
        _estimate, count = _table_size(queryset.model, bound=2 * maximum, limit=maximum + 1)
    return say_up_to(count, maximum)


def say_up_to(count: int | None, maximum: int = EXACT_MAX) -> str:
    """As "9,120", or "10,000+" for more than `maximum`, or for None, which is more as well."""
    if count is None or count > maximum:
        return f"{format_count(maximum)}+"
    return format_count(count)


def is_exact(count: str) -> bool:
    """Whether a count in words was not rounded, as "10,000+" and "about 12,000" are."""
    return bool(count) and not any(sign.isalpha() or sign == "+" for sign in count)


def are_few(count: str) -> bool:
    """Whether a count in words says that the rows are no more than are counted exactly."""
    return is_exact(count) and int("".join(filter(str.isdecimal, count))) <= EXACT_MAX


def say_about(estimate: int) -> str:
    """What the database holds for the number of rows: "about 1,230,000"."""
    step = 10 ** max(0, len(str(estimate)) - 3)
    return _("about %(count)s") % {"count": format_count(round(estimate / step) * step)}


def _table_size(model: type[models.Model], *, bound: int, limit: int) -> tuple[int, int | None]:
    table = connection.ops.quote_name(model._meta.db_table)
    ((estimate, count),) = fetch_all(TABLE_SIZE.format(table=table), [bound, limit])
    return estimate, count
