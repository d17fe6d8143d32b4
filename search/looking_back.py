"""How far back the listing of a filter is looked through that no index answers."""

from __future__ import annotations

from search.listing import Listing
from search.models import FoundTransaction
from search.parts import is_unaided
from web.tables import lookback
from web.tables.conditions import bounds
from web.tables.lookback import LookedBack


def look_back(listing: Listing) -> LookedBack[Listing] | None:
    """The latest part, where all would take long; None where all of it is looked through."""
    if not is_unaided(listing.q):
        return None
    dates = bounds(listing.q, "effective_at")
    rows = FoundTransaction.objects.filter(dates, line=1).order_by("-effective_at", "-transaction")
    moments = rows.values_list("effective_at", flat=True)
    return lookback.look_back(listing.cost, moments, listing.since)
