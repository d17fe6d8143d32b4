"""What a process has found out and stays true: that more than are counted pass a filter.

Transactions are never removed, and of what lasts they never change: where so many have passed,
so many will pass, and pages after the first one need not count them again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from django.db import connection

from search.at_once import Compiled

FILTERS_MAX = 1_000
_many: OrderedDict[Hashable, None] = OrderedDict()


def are_many(lines: Compiled, *, maximum: int) -> bool:
    """Whether more than `maximum` have been found before; False where that is not known."""
    return _key(lines, maximum) in _many


def remember_many(lines: Compiled, *, maximum: int) -> None:
    """More than `maximum` have been found. Only of conditions that last, see `search.parts`."""
    _many[_key(lines, maximum)] = None
    if len(_many) > FILTERS_MAX:
        _many.popitem(last=False)


def _key(lines: Compiled, maximum: int) -> Hashable:
    sql, parameters = lines
    return connection.settings_dict["NAME"], maximum, sql, tuple(parameters)
