"""What a process has found out about filters: how many pass them.

That more than are counted pass may stay true: transactions are never removed, and of what lasts
they never change. Where so many have passed, so many will pass, and pages after the first one need
not count them again. Of extra information, which is changed now and then, it holds until the next
change. That few passed, or that they lay far apart, is only a hint how to begin.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from search.at_once import Compiled
from web.statements import fetch_all

FILTERS_MAX = 1_000
NOW = "SELECT pg_current_snapshot()::text"
# What could not be seen then, and can be now. Numbers that are to come are of another cluster,
# from which the books were restored.
HAS_CHANGED = """
SELECT EXISTS (
    SELECT FROM search_metadatachange, (SELECT %(then)s::pg_snapshot AS seen) AS s
    WHERE xact >= pg_snapshot_xmin(seen)::text::bigint
      AND xact < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
      AND NOT pg_visible_in_snapshot(xact::text::xid8, seen)
)
"""
# With the moment since which nothing may have changed, where something can.
_many: OrderedDict[Hashable, str | None] = OrderedDict()
_few: OrderedDict[Hashable, None] = OrderedDict()
_sparse: OrderedDict[Hashable, None] = OrderedDict()


def are_many(lines: Compiled, *, maximum: int) -> bool:
    """Whether more than `maximum` have been found before; False where that is not known."""
    key = _key(lines, maximum)
    try:
        then = _many[key]
    except KeyError:
        return False
    if then is not None and _has_changed(then):
        _many.pop(key, None)
        return False
    return True


def moment() -> str:
    """What changes can be seen by now, for `remember_many`."""
    ((now,),) = fetch_all(NOW)
    return str(now)


def remember_many(lines: Compiled, *, maximum: int, then: str | None = None) -> None:
    """More than `maximum` have been found: for ever, or until extra information changes.

    Only of conditions that last, see `search.parts`. `then` is a `moment` before they were found.
    """
    _keep(_many, _key(lines, maximum), then)


def were_few(lines: Compiled, *, maximum: int) -> bool:
    """Whether no more than `maximum` were found the last time. By now there may be more."""
    return _key(lines, maximum) in _few


def remember_few(lines: Compiled, *, maximum: int, is_so: bool) -> None:
    """No more than `maximum` were found now, or else more."""
    key = _key(lines, maximum)
    if is_so:
        _keep(_few, key, None)
    else:
        _few.pop(key, None)


def were_sparse(lines: Compiled) -> bool:
    """Whether a short stretch of an order has held too few of them before."""
    return _key(lines) in _sparse


def remember_sparse(lines: Compiled) -> None:
    """A short stretch of an order held too few of them."""
    _keep(_sparse, _key(lines), None)


def _has_changed(then: str) -> bool:
    ((has_changed,),) = fetch_all(HAS_CHANGED, {"then": then})
    return bool(has_changed)


def _keep(memory: OrderedDict[Hashable, Any], key: Hashable, value: str | None) -> None:
    memory[key] = value
    if len(memory) > FILTERS_MAX:
        memory.popitem(last=False)


def _key(lines: Compiled, maximum: int = 0) -> Hashable:
    sql, parameters = lines
    return connection.settings_dict["NAME"], maximum, sql, tuple(map(_hashable, parameters))


def _hashable(value: Any) -> Hashable:
    """A parameter, to be compared with others."""
    if isinstance(value, Jsonb):
        return repr(value.obj)
    return tuple(value) if isinstance(value, list) else value
