"""Which rows a change has brought onto a page: into its filter, or to another place of its order.

Only rows that something was added about are asked for, by their ids. What passed the filter all
along, on another page, is not told of: only what the page would show if it were read again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from web.pagination import Ordered
from web.tables.definition import Table
from web.tables.state import TableState

MOVING = ("q", "where", "tab", "sort")


def may_enter(table: Table, query: QueryDict) -> bool:
    """Whether the address filters or sorts: on any other page no row changes its place."""
    return any(query.get(name) for name in (*MOVING, *table.changing_scope))


def find_entered(
    table: Table, state: TableState, shown: Sequence[int], touched: Collection[int]
) -> frozenset[int]:
    """Those of the rows touched that the page would show and does not, by their ids."""
    if not touched:
        return frozenset()
    source, order = table.source(state)
    rows: QuerySet[Any, Any] = source if isinstance(source, QuerySet) else table.select(state)
    key = table.watched_key
    asked = rows.filter(**{f"{key}__in": [*shown, *touched]})
    in_order = Ordered(asked).select(order, None, len(shown) + len(touched))
    ids = list(in_order.values_list(key, flat=True))
    return frozenset(_on_page(ids, state, set(shown))) - frozenset(shown)


def _on_page(ids: Sequence[int], state: TableState, shown: Collection[int]) -> Sequence[int]:
    """From the first row of the page to its last; to the end where it has room for more."""
    places = [place for place, pk in enumerate(ids) if pk in shown]
    query = state.request.GET
    is_first = not (query.get("cursor") or query.get("jump"))
    begin = 0 if is_first or not places else places[0]
    has_room = len(shown) < state.size or not places
    return ids[begin:] if has_room else ids[begin : places[-1]]
