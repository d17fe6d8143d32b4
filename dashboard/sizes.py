"""The largest ledgers: those with the most transactions."""

from __future__ import annotations

from typing import TypedDict

from django.core.cache import cache
from django.db import connection

from web.addresses import url_of
from web.formatting import format_count
from web.statements import fetch_all

# While balances are many, which ledgers could be among the largest is found out this often. Their
# figures, and the order by them, are always those of now. Twice as many as are shown.
SECONDS = 60
CANDIDATES = 10

LARGEST = """
SELECT l.public_id, l.name, coalesce(s.balance_count, 0), coalesce(s.transaction_count, 0)
FROM ledgers_ledger AS l
LEFT JOIN {sizes} ON {joined}
WHERE NOT l.is_general AND {listed}
ORDER BY coalesce(s.transaction_count, 0) DESC, l.created_at DESC, l.id DESC LIMIT %(size)s
"""
SIZE = """count(*) AS balance_count,
       sum(ledger_transaction_count - ledger_follower_count) AS transaction_count
FROM balances_balance"""
OF_ALL = LARGEST.format(
    sizes=f"(SELECT ledger_id, {SIZE} GROUP BY ledger_id) AS s",
    joined="s.ledger_id = l.id",
    listed="true",
)
# Ledger by ledger: so the thousands of balances that one has need not be told from the others'.
OF_SOME = LARGEST.format(
    sizes=f"LATERAL (SELECT {SIZE} WHERE ledger_id = l.id OFFSET 0) AS s",
    joined="true",
    listed="l.id = ANY (%(ids)s)",
)
LARGEST_IDS = """
SELECT b.ledger_id FROM balances_balance AS b JOIN ledgers_ledger AS l ON l.id = b.ledger_id
WHERE NOT l.is_general GROUP BY b.ledger_id
ORDER BY sum(b.ledger_transaction_count - b.ledger_follower_count) DESC LIMIT %s
"""


class LedgerSize(TypedDict):
    """A ledger as Home prints it; its transactions are events, as in its table."""

    url: str
    name: str
    balances: str
    balances_url: str
    transactions: str
    transactions_url: str


def largest_ledgers(size: int, *, is_many: bool) -> list[LedgerSize]:
    """The General Ledger aside; `is_many` when balances are too many to look through each time."""
    if is_many:
        rows = fetch_all(OF_SOME, {"ids": _candidates(), "size": size})
    else:
        rows = fetch_all(OF_ALL, {"size": size})
    ledgers_url, balances_url = url_of("ledgers:list"), url_of("balances:list")
    transactions_url = url_of("transactions:list")
    return [
        {
            "url": f"{ledgers_url}ldg_{public_id}/",
            "name": name,
            "balances": format_count(balance_count),
            "balances_url": f"{balances_url}?ledger=ldg_{public_id}",
            "transactions": format_count(int(transaction_count)),
            "transactions_url": f"{transactions_url}?ledger=ldg_{public_id}",
        }
        for public_id, name, balance_count, transaction_count in rows
    ]


def _candidates() -> list[int]:
    key = f"largest-ledgers-{connection.settings_dict['NAME']}"
    ids: list[int] | None = cache.get(key)
    if ids is None:
        ids = [pk for (pk,) in fetch_all(LARGEST_IDS, [CANDIDATES])]
        cache.set(key, ids, SECONDS)
    return ids
