"""How far back a filter is looked for that no index answers, unless all is asked for.

A comparison in extra information that few pass would read every document: 0.7 s a million.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from search.listing import Listing
from search.models import FoundTransaction
from search.parts import is_unaided
from web.counting import EXACT_MAX
from web.tables.conditions import bounds
from web.tables.lookback import DEAR, LATEST, to_the_minute


@dataclass(frozen=True, slots=True)
class LookedBack:
    """The latest part of a listing: of `LATEST` transactions, back to `since`."""

    listing: Listing
    since: datetime


def look_back(listing: Listing) -> LookedBack | None:
    """The latest part, where all would take long; None where all of it is looked through.

    Where more pass than are counted, they are found soon enough in all of it.
    """
    if not is_unaided(listing.q) or listing.cost <= DEAR:
        return None
    dates = bounds(listing.q, "effective_at")
    rows = FoundTransaction.objects.filter(dates, line=1).order_by("-effective_at", "-transaction")
    latest = list(rows.values_list("effective_at", flat=True)[LATEST - 1 : LATEST + 1])
    if len(latest) < 2:
        return None
    since = to_the_minute(latest[0])
    part = listing.since(since)
    return None if part.count() > EXACT_MAX else LookedBack(part, since)
