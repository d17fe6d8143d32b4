"""The entries of one transaction as debits and credits, with totals for each currency.

A hold, a void and an expiry have reservations in their place, which are shown the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypedDict

from balances.naming import name_balance, shown_minor
from ledgers.money import LONG, format_amount
from transactions.models import Entry, Transaction
from web.addresses import url_of
from web.arms import Arm, Arms
from web.pagination import Key
from web.statements import fetch_all

PAGE_SIZE = 100
ORDER = (Key("balance__currency_id"), Key("id"))

FIELDS = (
    "id",
    "direction",
    "amount_minor",
    "running_minor",
    "balance__public_id",
    "balance__indicator",
    "balance__normal_side",
    "balance__currency_id",
    "balance__currency__exponent",
    "balance__identity__name",
    "balance__ledger__name",
    "balance__ledger__public_id",
)
LINES = """
SELECT e.id, e.direction, e.amount_minor, {running}, b.public_id, b.indicator, b.normal_side,
       b.currency AS balance__currency_id, c.exponent, i.name, l.name, l.public_id
FROM {table} AS e
JOIN balances_balance AS b ON b.id = e.balance_id
JOIN ledgers_currency AS c ON c.code = b.currency
JOIN ledgers_ledger AS l ON l.id = b.ledger_id
LEFT JOIN identities_identity AS i ON i.id = b.identity_id
WHERE e.transaction_id = %(transaction)s {{after}} {{ordered}}
"""
KEYS = ("b.currency", "e.id")
ENTRIES = Arm(LINES.format(table="transactions_entry", running="e.running_minor"), KEYS)
RESERVATIONS = Arm(LINES.format(table="transactions_reservation", running="NULL::numeric"), KEYS)
SUMS = """
SELECT c.code, c.exponent, coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0),
       coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0)
FROM (
    SELECT balance_id, direction, amount_minor FROM transactions_entry WHERE transaction_id = %s
    UNION ALL
    SELECT balance_id, direction, amount_minor FROM transactions_reservation
    WHERE transaction_id = %s AND kind <> 'COMMIT'
) AS e
JOIN balances_balance AS b ON b.id = e.balance_id
JOIN ledgers_currency AS c ON c.code = b.currency
GROUP BY c.code, c.exponent ORDER BY c.code
"""


class EntryRow(TypedDict):
    name: str
    url: str
    ledger: str
    ledger_url: str
    debit: str
    credit: str
    is_long_debit: bool
    is_long_credit: bool
    after: str
    is_after_negative: bool
    is_debit_normal: bool


@dataclass(frozen=True, slots=True)
class EntryTotal:
    """What a transaction debits and credits in one currency; both are the same figure."""

    currency: str
    exponent: int
    debits: str
    credits: str


@dataclass(frozen=True, slots=True)
class EntryGroup:
    """The entries in one currency that a page shows, over the totals of the transaction."""

    total: EntryTotal
    rows: list[EntryRow]


def entries_of(transaction: Transaction) -> Arms:
    """What the table reads of each entry, or of each reservation where there are no entries."""
    lines = ENTRIES if transaction.has_entries else RESERVATIONS
    return Arms("transaction", FIELDS, (lines,), {"transaction": transaction.pk})


def sum_entries(transaction: Transaction) -> list[EntryTotal]:
    """The totals of each currency, by code."""
    return [
        EntryTotal(
            code, exponent, *(format_amount(int(total), exponent) for total in (debits, credits))
        )
        for code, exponent, debits, credits in fetch_all(SUMS, [transaction.pk] * 2)
    ]


def group_entries(
    entries: Sequence[dict[str, Any]], totals: Sequence[EntryTotal]
) -> list[EntryGroup]:
    """Rows of `entries_of`, formatted, under the totals of each currency."""
    total_of = {total.currency: total for total in totals}
    groups = groupby(entries, key=lambda entry: entry["balance__currency_id"])
    return [
        EntryGroup(total_of[code], [_format_row(entry) for entry in members])
        for code, members in groups
    ]


def _format_row(entry: dict[str, Any]) -> EntryRow:
    exponent = entry["balance__currency__exponent"]
    amount = format_amount(entry["amount_minor"], exponent)
    is_credit = entry["direction"] == Entry.Direction.CREDIT
    running = entry["running_minor"]
    after = None if running is None else shown_minor(running, entry["balance__normal_side"])
    return {
        "name": name_balance(
            indicator=entry["balance__indicator"],
            owner=entry["balance__identity__name"],
            public_id=entry["balance__public_id"],
        ),
        "url": url_of("balances:detail", entry["balance__public_id"]),
        "ledger": entry["balance__ledger__name"],
        "ledger_url": url_of("ledgers:detail", entry["balance__ledger__public_id"]),
        "debit": "" if is_credit else amount,
        "credit": amount if is_credit else "",
        "is_long_debit": not is_credit and len(amount) > LONG,
        "is_long_credit": is_credit and len(amount) > LONG,
        "after": "" if after is None else format_amount(after, exponent),
        "is_after_negative": after is not None and after < 0,
        "is_debit_normal": entry["balance__normal_side"] == "DEBIT",
    }
