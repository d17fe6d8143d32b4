"""Balances with the figures of a moment of the past."""

from __future__ import annotations

from typing import Any

from balances.figures import CurrencyTotal
from ledgers.models import Ledger
from reports.ledger_moments import ledgers_before
from reports.moments import totals_before
from web.as_of import Moment


def rows_at(rows: list[dict[str, Any]], moment: Moment) -> list[dict[str, Any]]:
    """Rows of `balances.rows` with the debits and credits of that moment."""
    if moment.is_now:
        return rows
    ids = [row["id"] for row in rows]
    totals = totals_before(ids, moment.before, known_at=moment.known_at)
    return [
        {
            **row,
            "credit_minor": totals[row["id"]].credit_minor,
            "debit_minor": totals[row["id"]].debit_minor,
        }
        for row in rows
    ]


def totals_of_ledger(ledger: Ledger, moment: Moment) -> list[CurrencyTotal]:
    """The totals of a ledger at that moment. How many balances it had then is not told."""
    figures = ledgers_before([ledger.pk], moment.before, known_at=moment.known_at)
    return [
        CurrencyTotal(
            each.currency, each.exponent, 0, each.totals.debit_minor, each.totals.credit_minor
        )
        for each in figures
    ]
