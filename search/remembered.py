"""What a process has found out about filters: how many pass them.

That more than are counted pass may stay true: transactions are never removed, and of what lasts
they never change. Where so many have passed, so many will pass, and pages after the first one need
not count them again. That few passed is only a hint how to begin.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from django.db import connection

from search.at_once import Compiled

FILTERS_MAX = 1_000
_many: OrderedDict[Hashable, None] = OrderedDict()
_few: OrderedDict[Hashable, None] = OrderedDict()


def are_many(lines: Compiled, *, maximum: int) -> bool:
    """Whether more than `maximum` have been found before; False where that is not known."""
    return _key(lines, maximum) in _many


def remember_many(lines: Compiled, *, maximum: int) -> None:
    """More than `maximum` have been found. Only of conditions that last, see `search.parts`."""
    _keep(_many, _key(lines, maximum))


def were_few(lines: Compiled, *, maximum: int) -> bool:
    """Whether no more than `maximum` were found the last time. By now there may be more."""
    return _key(lines, maximum) in _few


def remember_few(lines: Compiled, *, maximum: int, is_so: bool) -> None:
    """No more than `maximum` were found now, or else more."""
    key = _key(lines, maximum)
    if is_so:
        _keep(_few, key)
    else:
        _few.pop(key, None)


def _keep(memory: OrderedDict[Hashable, None], key: Hashable) -> None:
    memory[key] = None
    if len(memory) > FILTERS_MAX:
        memory.popitem(last=False)


def _key(lines: Compiled, maximum: int) -> Hashable:
    sql, parameters = lines
    values = [tuple(each) if isinstance(each, list) else each for each in parameters]
    return connection.settings_dict["NAME"], maximum, sql, tuple(values)
