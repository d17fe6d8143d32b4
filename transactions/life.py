"""What followed a transaction: commits and the end of a hold, reversals, refunds, and theirs."""

from __future__ import annotations

from transactions.rows import TransactionRow, read_rows
from web.statements import fetch_all

# So many are shown in a table; the page of the transaction has the rest.
LIFE_MAX = 50
# Of each no more than could be shown: the children of one that come later come later in all.
LIFE = """
WITH RECURSIVE life AS (
    SELECT %(head)s::bigint AS id
    UNION ALL
    SELECT f.id FROM life CROSS JOIN LATERAL (
        SELECT id FROM (
            SELECT t.id FROM transactions_transaction AS t WHERE t.parent_id = life.id
            UNION ALL
            SELECT t.id FROM transactions_transaction AS t WHERE t.reverses_id = life.id
        ) AS t
        ORDER BY id LIMIT %(limit)s
    ) AS f
)
SELECT id FROM life WHERE id <> %(head)s ORDER BY id LIMIT %(limit)s
"""


def read_life(transaction_id: int, *, legend_url: str = "") -> tuple[list[TransactionRow], bool]:
    """What followed it, in the order in which it was recorded, and whether there is more."""
    found = fetch_all(LIFE, {"head": transaction_id, "limit": LIFE_MAX + 1})
    rows = read_rows([pk for (pk,) in found[:LIFE_MAX]], legend_url=legend_url)
    return rows, len(found) > LIFE_MAX
