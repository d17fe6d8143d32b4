"""The columns of transactions, and the order that each of them asks for."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from schedules.transaction_table import (
    CREATED_BY,
    CURRENCY,
    DESCRIPTION,
    FROM,
    ID,
    KIND,
    STATUS,
    TO,
)
from search.orders import SORTS
from web.sorting import Column


def _sorting_few(column: Column) -> Column:
    return replace(column, fields=SORTS[column.name], sorts_few=True)


COLUMNS = (
    Column(
        "effective",
        _("Effective"),
        SORTS["effective"],
        descending_first=True,
        is_fixed=True,
    ),
    Column("reference", _("Reference"), SORTS["reference"], is_fixed=True),
    _sorting_few(DESCRIPTION),
    _sorting_few(FROM),
    _sorting_few(TO),
    _sorting_few(STATUS),
    Column(
        "amount",
        _("Amount"),
        SORTS["amount"],
        "num",
        descending_first=True,
        is_number=True,
    ),
    _sorting_few(CURRENCY),
    Column(
        "created",
        _("Recorded"),
        SORTS["created"],
        "hide-s muted",
        descending_first=True,
        is_shown=False,
    ),
    _sorting_few(CREATED_BY),
    _sorting_few(KIND),
    _sorting_few(Column("parent", _("Follows"), css="hide-s", is_shown=False)),
    _sorting_few(Column("batch", _("Batch"), css="hide-s id", is_shown=False)),
    _sorting_few(ID),
)
