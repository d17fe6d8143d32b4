"""The rows of the entries table: one query, whatever their number."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from html import escape
from types import MappingProxyType
from typing import Any, NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString

from balances.naming import link_tag, name_balance, shown_minor
from ledgers.money import LONG, format_amount, format_plain
from transactions.entry_keys import entry_key
from transactions.models import Entry
from web.addresses import url_of
from web.formatting import ROWS_KEPT, Reader, active_reader
from web.statements import array_of, fetch_all
from web.tables.definition import Cell, TableRow

REFERENCE = '<a class="id" href="{}"><bdi>{}</bdi></a>'
BALANCE = f'{{}}<small class="only-s">{REFERENCE}</small>'
ROWS = """
SELECT e.id, e.effective_at, t.created_at, t.public_id::text, t.reference, t.description,
       e.direction, e.amount_minor, e.running_minor, e.position, b.public_id::text, b.indicator,
       b.normal_side, i.name, l.public_id::text, l.name, c.code, c.exponent
FROM transactions_entry AS e
JOIN transactions_transaction AS t ON t.id = e.transaction_id
JOIN balances_balance AS b ON b.id = e.balance_id
JOIN ledgers_ledger AS l ON l.id = b.ledger_id
JOIN ledgers_currency AS c ON c.code = b.currency
LEFT JOIN identities_identity AS i ON i.id = b.identity_id
WHERE e.id = ANY (%s)
"""
METADATA = """
SELECT e.id, t.metadata::text
FROM transactions_entry AS e
JOIN transactions_transaction AS t ON t.id = e.transaction_id
WHERE e.id = ANY (%s)
"""


class EntryRow(NamedTuple):
    """A row of ROWS. `owner` is None for an internal balance."""

    id: int
    effective_at: datetime
    created_at: datetime
    transaction: str
    reference: str
    description: str
    direction: int
    amount_minor: int
    running_minor: int
    position: int
    balance: str
    indicator: str
    normal_side: str
    owner: str | None
    ledger: str
    ledger_name: str
    currency: str
    exponent: int

    @property
    def balance_name(self) -> str:
        return name_balance(indicator=self.indicator, owner=self.owner, public_id=self.balance)

    @property
    def key(self) -> str:
        return entry_key(self.id)

    @property
    def is_debit(self) -> bool:
        return self.direction == Entry.Direction.DEBIT

    @property
    def shown_running(self) -> int:
        """The balance right after the entry, with the sign it is shown with."""
        return shown_minor(int(self.running_minor), self.normal_side)


def read_entries(entry_ids: Sequence[int]) -> list[EntryRow]:
    """The entries with these primary keys, in this order."""
    found = {row[0]: EntryRow(*row) for row in fetch_all(ROWS, [array_of(entry_ids)])}
    return [found[pk] for pk in entry_ids]


def read_metadata(entry_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """The extra information of the transactions of these entries, by the entries' primary keys."""
    rows = fetch_all(METADATA, [array_of(entry_ids)])
    return {pk: json.loads(metadata) for pk, metadata in rows}


def format_entries(
    rows: Sequence[EntryRow], metadata: Mapping[int, Mapping[str, Any]]
) -> list[TableRow]:
    """As the table prints them; a row opens its transaction, and is ticked by a key of its own.

    `metadata` is that of `read_metadata`, or empty where no column tells of it.
    """
    reader = active_reader()
    formatted = [_format_row(row, reader) for row in rows]
    if not metadata:
        return formatted
    return [
        each._replace(metadata=metadata[row.id]) for row, each in zip(rows, formatted, strict=True)
    ]


@lru_cache(maxsize=ROWS_KEPT)
def _format_row(row: EntryRow, reader: Reader) -> TableRow:
    amount = format_amount(int(row.amount_minor), row.exponent)
    url = url_of("transactions:detail", row.transaction)
    line_url = f"{url}#entry-table"
    moved = Cell(_figure(line_url, amount, row.currency), "long" if len(amount) > LONG else "")
    balance_url = url_of("balances:detail", row.balance)
    cells: dict[str, str | Cell] = {
        "effective": reader.dates.date_tag(row.effective_at),
        "recorded": reader.dates.time_tag(row.created_at),
        "reference": format_html(REFERENCE, url, row.reference),
        "description": format_html("<bdi>{}</bdi>", row.description),
        "balance": _balance(row, balance_url, url),
        "ledger": link_tag(url_of("ledgers:detail", row.ledger), row.ledger_name),
        "direction": str(Entry.Direction(row.direction).label),
        "debit": moved if row.is_debit else "",
        "credit": "" if row.is_debit else moved,
        "currency": row.currency,
        "running": Cell(_running(row, balance_url), "neg" if row.shown_running < 0 else ""),
        "id": row.key,
    }
    return TableRow(
        key=f"txn_{row.transaction}",
        url=url,
        quick=f"{url}quick/",
        cells=MappingProxyType(cells),
        name=_name(row, amount),
        tick=row.key,
    )


def _name(row: EntryRow, amount: str) -> str:
    """Which of the entries of a transaction it is: "rent, Northgate, Debit 20.00 GBP"."""
    moved = f"{Entry.Direction(row.direction).label} {amount} {row.currency}"
    return f"{row.reference}, {row.balance_name}, {moved}"


def plain_entries(rows: Sequence[EntryRow]) -> list[Mapping[str, str]]:
    """As files have them."""
    labels = {direction.value: str(direction.label) for direction in Entry.Direction}
    plain: list[Mapping[str, str]] = []
    for row in rows:
        amount = format_plain(int(row.amount_minor), row.exponent)
        plain.append(
            {
                "effective": row.effective_at.isoformat(),
                "recorded": row.created_at.isoformat(),
                "reference": row.reference,
                "description": row.description,
                "balance": row.balance_name,
                "ledger": row.ledger_name,
                "direction": labels[row.direction],
                "debit": amount if row.is_debit else "",
                "credit": "" if row.is_debit else amount,
                "currency": row.currency,
                "running": format_plain(row.shown_running, row.exponent),
                "id": row.key,
            }
        )
    return plain


def _balance(row: EntryRow, balance_url: str, url: str) -> SafeString:
    """With the reference, which has no column of its own on a phone."""
    balance = link_tag(balance_url, row.balance_name)
    return format_html(BALANCE, balance, url, row.reference)


def _running(row: EntryRow, balance_url: str) -> SafeString:
    """It leads to the register of the balance, where that begins with the entry."""
    running = escape(format_amount(row.shown_running, row.exponent))
    return SafeString(f'<a href="{escape(balance_url)}?at={row.position}#register">{running}</a>')


def _figure(url: str, amount: str, currency: str) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="ccy">{}</span>', url, amount, currency)
