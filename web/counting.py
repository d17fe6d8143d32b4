"""How many rows: exact while that is cheap, and said to be rounded when it is not."""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from web.formatting import format_count

EXACT_MAX = 10_000


def count_exact(queryset: QuerySet[Any, Any], *, maximum: int = EXACT_MAX) -> str:
    """As "9,120", or "10,000+" when there are more than `maximum` rows; reads no more than that."""
    count = queryset.order_by()[: maximum + 1].count()
    return format_count(count) if count <= maximum else f"{format_count(maximum)}+"


def count_about(model: type[models.Model], *, maximum: int = EXACT_MAX) -> str:
    """All rows of a table: "9,120" counted, or "about 1,230,000" as the database estimates.

    For tables where nothing keeps an exact figure and counting would read all of history.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)",
            [connection.ops.quote_name(model._meta.db_table)],
        )
        estimate = cursor.fetchone()[0]
    if estimate <= maximum:
        return count_exact(model._default_manager.all(), maximum=maximum)
    step = 10 ** (len(str(estimate)) - 3)
    return _("about %(count)s") % {"count": format_count(round(estimate / step) * step)}
