"""The rows of a transactions table as ready strings: one query, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypedDict

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.naming import link_tag, name_balance
from ledgers.money import format_amount
from transactions.models import Transaction
from web.addresses import url_of
from web.formatting import Dates, active_dates, format_count
from web.statements import fetch_all

# The amount is what was debited; a side with several balances is told by their number.
# Two plain statements: joining the names here would take longer to plan than to run.
TRANSACTIONS = """
SELECT t.id, t.public_id::text, t.reference, left(t.description, 120), t.status, t.effective_at,
       s.currency_count, s.amount_minor, s.source_count, s.source_id, s.destination_count,
       s.destination_id
FROM transactions_transaction AS t
CROSS JOIN LATERAL (
    SELECT count(DISTINCT b.currency) AS currency_count,
           sum(e.amount_minor) FILTER (WHERE e.direction = -1) AS amount_minor,
           count(DISTINCT e.balance_id) FILTER (WHERE e.direction = -1) AS source_count,
           min(e.balance_id) FILTER (WHERE e.direction = -1) AS source_id,
           count(DISTINCT e.balance_id) FILTER (WHERE e.direction = 1) AS destination_count,
           min(e.balance_id) FILTER (WHERE e.direction = 1) AS destination_id
    FROM transactions_entry AS e
    JOIN balances_balance AS b ON b.id = e.balance_id
    WHERE e.transaction_id = t.id
) AS s
WHERE t.id = ANY (%s)
"""
BALANCES = """
SELECT b.id, b.public_id::text, b.indicator, i.name, l.name, c.code, c.exponent
FROM balances_balance AS b
JOIN ledgers_ledger AS l ON l.id = b.ledger_id
JOIN ledgers_currency AS c ON c.code = b.currency
LEFT JOIN identities_identity AS i ON i.id = b.identity_id
WHERE b.id = ANY (%s)
"""


class Party(NamedTuple):
    """A balance as one side of a transaction."""

    name: str
    url: str
    ledger: str
    currency: str
    exponent: int


class Fetched(NamedTuple):
    """A row of TRANSACTIONS."""

    id: int
    public_id: str
    reference: str
    description: str
    status: str
    effective_at: datetime
    currency_count: int
    amount_minor: int
    source_count: int
    source_id: int
    destination_count: int
    destination_id: int


class TransactionRow(TypedDict):
    """One transaction as the table prints it; `source` and `destination` are links."""

    url: str
    is_new: bool
    effective: SafeString | str
    reference: str
    description: str
    amount: str
    is_long: bool
    currency: str
    source: SafeString
    destination: SafeString
    status: str
    status_label: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of one table share; looked up once."""

    parties: dict[int, Party]
    transactions_url: str
    labels: dict[str, str]
    dates: Dates


def read_rows(transaction_ids: Sequence[int], *, new: str = "") -> list[TransactionRow]:
    """The transactions with these primary keys, in this order, formatted.

    The one with the key `new` is marked.
    """
    fetched = {row[0]: Fetched(*row) for row in fetch_all(TRANSACTIONS, [list(transaction_ids)])}
    sides = {pk for row in fetched.values() for pk in (row.source_id, row.destination_id)}
    balances_url = url_of("balances:list")
    shared = Surroundings(
        {row[0]: _party(balances_url, *row[1:]) for row in fetch_all(BALANCES, [list(sides)])},
        url_of("transactions:list"),
        {value: str(label) for value, label in Transaction.Status.choices},
        active_dates(),
    )
    return [_format_row(fetched[pk], shared, new=new) for pk in transaction_ids]


def _party(
    balances_url: str, public_id: str, indicator: str, owner: str | None, *rest: Any
) -> Party:
    name = name_balance(indicator=indicator, owner=owner, public_id=public_id)
    return Party(name, f"{balances_url}bln_{public_id}/", *rest)


def _format_row(row: Fetched, shared: Surroundings, *, new: str) -> TransactionRow:
    key = f"txn_{row.public_id}"
    url = f"{shared.transactions_url}{key}/"
    source, destination = shared.parties[row.source_id], shared.parties[row.destination_id]
    # Two balances of one name are told apart by their ledgers.
    is_pair = row.source_count == row.destination_count == 1
    is_twin = is_pair and source.name == destination.name
    if row.currency_count == 1:
        amount, currency = format_amount(int(row.amount_minor), source.exponent), source.currency
    else:
        amount, currency = _("%(count)s currencies") % {"count": row.currency_count}, ""
    return {
        "url": url,
        "is_new": key == new,
        "effective": shared.dates.date_tag(row.effective_at),
        "reference": row.reference,
        "description": row.description,
        "amount": amount,
        "is_long": len(amount) > 16,
        "currency": currency,
        "source": _link(source, row.source_count, url, with_ledger=is_twin),
        "destination": _link(destination, row.destination_count, url, with_ledger=is_twin),
        "status": row.status.lower(),
        "status_label": shared.labels[row.status],
    }


def _link(party: Party, count: int, transaction_url: str, *, with_ledger: bool) -> SafeString:
    """A link to the balance; to the transaction where several balances share the side."""
    if count > 1:
        several = ngettext("%(count)s balance", "%(count)s balances", count)
        return link_tag(transaction_url, several % {"count": format_count(count)})
    return link_tag(party.url, party.name, note=party.ledger if with_ledger else "")
