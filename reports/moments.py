"""The figures of balances at any moment, by the clock of the world and by that of the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from web.statements import fetch_all

BEFORE = """
SELECT e.balance_id,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0),
       coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0),
       count(*)
FROM transactions_entry AS e
WHERE e.balance_id = ANY (%s) AND e.effective_at < %s
GROUP BY e.balance_id
"""
KNOWN_BEFORE = """
SELECT e.balance_id,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0),
       coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0),
       count(*)
FROM transactions_entry AS e
JOIN transactions_transaction AS t ON t.id = e.transaction_id
WHERE e.balance_id = ANY (%s) AND e.effective_at < %s AND t.created_at <= %s
GROUP BY e.balance_id
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """What some entries of one balance add up to, in minor units."""

    credit_minor: int = 0
    debit_minor: int = 0
    entry_count: int = 0

    @property
    def net_minor(self) -> int:
        """Credits less debits."""
        return self.credit_minor - self.debit_minor


NOTHING = Totals()


def totals_before(
    balance_ids: Sequence[int], moment: datetime, *, known_at: datetime | None = None
) -> dict[int, Totals]:
    """What the entries effective before `moment` add up to, for each of the balances.

    With `known_at`, only what had been recorded by then, that moment included. "As of" a moment
    includes it: ask for the microsecond after.
    """
    ids = list(balance_ids)
    if known_at is None:
        rows = fetch_all(BEFORE, [ids, moment])
    else:
        rows = fetch_all(KNOWN_BEFORE, [ids, moment, known_at])
    found = {pk: Totals(int(credit), int(debit), count) for pk, credit, debit, count in rows}
    return {pk: found.get(pk, NOTHING) for pk in ids}
