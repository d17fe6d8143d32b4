"""When open holds expire, as what they are filtered by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from search.conditions import IS_OPEN, ROW, asked
from web.tables.fields import DateField
from web.tables.operators import Operator

SIGNS = {"gte": ">=", "lt": "<"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryField(DateField):
    """The end of an open hold; those without one are never within a period."""

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        if operator in (Operator.EMPTY, Operator.NOT_EMPTY):
            is_empty = "IS NULL" if operator == Operator.EMPTY else "IS NOT NULL"
            return _of_holds(f"h.expires_at {is_empty}", [])
        return DateField.condition(self, operator, values)

    def bounded(self, bounds: Mapping[str, datetime]) -> Q:
        compared = [f"h.expires_at {SIGNS[lookup]} %s" for lookup in bounds]
        return _of_holds(" AND ".join(compared), list(bounds.values()))


def _of_holds(condition: str, parameters: Sequence[Any]) -> Q:
    holds = f"SELECT h.transaction_id FROM transactions_hold AS h WHERE {IS_OPEN} AND {condition}"  # noqa: S608 -- constants
    return asked(f"EXISTS ({holds} AND h.transaction_id = {ROW})", holds, parameters)


EXPIRES = ExpiryField(
    name="expires", label=_("Hold expires"), lookup="expires_at", can_be_empty=True
)
