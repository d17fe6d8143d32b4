"""How far back a filter without an index looks, unless all is asked for, and what is said of it.

A comparison in extra information that few pass would read every document: 0.7 s a million.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.counting import EXACT_MAX
from web.formatting import format_datetime
from web.query import url_with

# So many rows are looked through, and this much, in the server's units, may looking through all
# of them cost: a third of a second.
LATEST = 100_000
DEAR = 20_000.0


class Countable(Protocol):
    def count(self) -> int:
        """How many rows; of more than `EXACT_MAX`, one more than that is enough."""


Part = TypeVar("Part", bound=Countable)


@dataclass(frozen=True, slots=True)
class LookedBack(Generic[Part]):
    """The latest part of what passes: of `LATEST` rows, back to `since`."""

    part: Part
    since: datetime


def look_back(
    cost: float, moments: QuerySet[Any, datetime], part_since: Callable[[datetime], Part]
) -> LookedBack[Part] | None:
    """The latest part, where all would take long; None where all of it is looked through.

    `cost` is that of all that passes; `moments` are the dates of the rows among which it is
    looked for, newest first; `part_since` gives what passes of those then or later. Where more
    pass than are counted, they are found soon enough in all of it.
    """
    if cost <= DEAR:
        return None
    latest = list(moments[LATEST - 1 : LATEST + 1])
    if len(latest) < 2:
        return None
    # As it is said: what is looked through begins with a minute.
    since = latest[0].replace(second=0, microsecond=0)
    part = part_since(since)
    return None if part.count() > EXACT_MAX else LookedBack(part, since)


def say_looked_back(request: HttpRequest, since: datetime) -> SafeString:
    """How far back, and where everything is looked through."""
    told = _("Only what is effective %(since)s or later has been looked through so far.")
    return format_html(
        '{} <a href="{}">{}</a>',
        told % {"since": format_datetime(since)},
        url_with(request, count="exact"),
        _("Look through everything"),
    )
