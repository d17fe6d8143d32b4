"""The transactions that pass on a page, as far back as they are looked through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from search.listing import Listing, list_transactions
from search.looking_back import look_back
from transactions.counts import Count
from transactions.filters import TransactionFilter
from web.converters import parse_key
from web.counting import EXACT_MAX
from web.formatting import format_count
from web.tables.lookback import say_looked_back
from web.tables.state import TableState


@dataclass(frozen=True, slots=True)
class Passing:
    """What passes: all of it; or, where that would take long unasked, what is since a moment."""

    state: TableState
    listing: Listing
    since: datetime | None = None

    def count(self) -> Count:
        """How many; of more than are counted, that there are more, unless it is asked for."""
        if self.state.is_exact:
            return Count.of(self.listing.count(maximum=None))
        count = self.listing.count(maximum=EXACT_MAX + 1)
        if self.since:
            return Count(f"{format_count(count)}+", is_exact=False)
        return Count.of(count, maximum=EXACT_MAX)

    def note(self) -> str:
        """How far back was looked; "" where it was all the way."""
        return say_looked_back(self.state.request, self.since) if self.since else ""


def read_passing(chosen: TransactionFilter, state: TableState) -> Passing:
    """What passes the scope, the text and the conditions; nothing of it is read yet."""
    listing = list_passing(chosen, state, is_every=chosen.is_every)
    if not state.conditions or state.is_exact:
        return Passing(state, listing)
    latest = look_back(listing)
    return Passing(state, latest.part, latest.since) if latest else Passing(state, listing)


def list_passing(chosen: TransactionFilter, state: TableState, *, is_every: bool) -> Listing:
    """All of it: each event once, or with `is_every` each record."""
    return list_transactions(
        state.q & _begins(chosen.text),
        tab=chosen.tab,
        scope=chosen.scope,
        is_every=is_every,
        sort=state.sorting.name,
    )


def _begins(text: str) -> Q:
    """That the reference begins with the text, or that it is the id."""
    public_id = parse_key(text, "txn")
    if public_id:
        return Q(transaction__public_id=public_id)
    return Q(transaction__reference__startswith=text) if text else Q()
