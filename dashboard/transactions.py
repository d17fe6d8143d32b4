"""The latest transactions, on pages that are about something else."""

from __future__ import annotations

from dataclasses import dataclass

from identities.models import Identity
from ledgers.models import Ledger
from search.conditions import owner_takes_part
from search.listing import list_transactions
from transactions import walks
from transactions.counts import Count
from transactions.rows import TransactionRow, read_rows
from web.addresses import url_of
from web.counting import EXACT_MAX
from web.pagination import Key

SHOWN = 10


def latest_transactions(*, ledger: Ledger | None = None) -> list[TransactionRow]:
    """The top of the transactions table, of `ledger` or of all."""
    order = [Key(field, descending=True) for field in walks.BOOKS_KEYS]
    found = walks.events(ledger).read(order, None, SHOWN)
    rows = [row["transaction_id"] for row in found]
    return read_rows(rows, legend_url=url_of("transactions:list"))


@dataclass(frozen=True, slots=True)
class Owned:
    """What the transactions table shows at `url`: how many, and the top of it."""

    url: str
    count: str
    latest: list[TransactionRow]


def table_of_owner(owner: Identity) -> str:
    """Where the transactions table shows those of this owner alone."""
    return f"{url_of('transactions:list')}?where=owner:is:{owner.key}"


def transactions_of_owner(owner: Identity) -> Owned:
    """Those that move or reserve something on a balance of this owner.

    Finding and counting them takes longer with each, up to as many as are counted.
    """
    found = list_transactions(owner_takes_part([owner.pk]))
    rows = found.read(found.order(descending=True), None, SHOWN)
    return Owned(
        url=table_of_owner(owner),
        count=Count.of(found.count(), maximum=EXACT_MAX).text,
        latest=read_rows(
            [row["transaction_id"] for row in rows], legend_url=url_of("transactions:list")
        ),
    )
