"""The rows of a transactions table as ready strings: one query, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from django.db import connection
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.naming import name_balance
from ledgers.money import format_amount
from transactions.models import Transaction
from web.formatting import date_tag, format_count

# The amount is what was debited; a side with several balances is told by their number.
ROWS = """
SELECT t.id, t.public_id, t.reference, left(t.description, 120) AS description, t.status,
       t.effective_at, s.currency_count, s.currency, c.exponent, s.amount_minor,
       s.source_count, source.public_id AS source_public_id, source.indicator AS source_indicator,
       source_owner.name AS source_owner, source_ledger.name AS source_ledger,
       s.destination_count, destination.public_id AS destination_public_id,
       destination.indicator AS destination_indicator,
       destination_owner.name AS destination_owner, destination_ledger.name AS destination_ledger
FROM transactions_transaction AS t
CROSS JOIN LATERAL (
    SELECT count(DISTINCT b.currency) AS currency_count,
           min(b.currency) AS currency,
           sum(e.amount_minor) FILTER (WHERE e.direction = -1) AS amount_minor,
           count(DISTINCT e.balance_id) FILTER (WHERE e.direction = -1) AS source_count,
           min(e.balance_id) FILTER (WHERE e.direction = -1) AS source_id,
           count(DISTINCT e.balance_id) FILTER (WHERE e.direction = 1) AS destination_count,
           min(e.balance_id) FILTER (WHERE e.direction = 1) AS destination_id
    FROM transactions_entry AS e
    JOIN balances_balance AS b ON b.id = e.balance_id
    WHERE e.transaction_id = t.id
) AS s
JOIN ledgers_currency AS c ON c.code = s.currency
JOIN balances_balance AS source ON source.id = s.source_id
JOIN ledgers_ledger AS source_ledger ON source_ledger.id = source.ledger_id
LEFT JOIN identities_identity AS source_owner ON source_owner.id = source.identity_id
JOIN balances_balance AS destination ON destination.id = s.destination_id
JOIN ledgers_ledger AS destination_ledger ON destination_ledger.id = destination.ledger_id
LEFT JOIN identities_identity AS destination_owner
       ON destination_owner.id = destination.identity_id
WHERE t.id = ANY (%s)
"""


class Side(TypedDict):
    """The debited or the credited side: one balance with its page, or several."""

    name: str
    url: str
    ledger: str


class TransactionRow(TypedDict):
    """One transaction as the table prints it."""

    key: str
    url: str
    effective: SafeString | str
    reference: str
    description: str
    amount: str
    currency: str
    source: Side
    destination: Side
    status: str
    status_label: str


def read_rows(transaction_ids: Sequence[int]) -> list[TransactionRow]:
    """The transactions with these primary keys, in this order, formatted."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [list(transaction_ids)])
        names = [column.name for column in cursor.description or ()]
        found = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    urls = reverse("transactions:list"), reverse("balances:list")
    labels = dict(Transaction.Status.choices)
    return [_format_row(found[pk], urls, labels) for pk in transaction_ids]


def latest_transactions(ids: Iterable[int]) -> list[TransactionRow]:
    """`read_rows` for ids that come from a query."""
    return read_rows(list(ids))


def _format_row(
    row: dict[str, Any], urls: tuple[str, str], labels: dict[str, Any]
) -> TransactionRow:
    transactions_url, balances_url = urls
    key = f"txn_{row['public_id']}"
    source = _side(row, "source", balances_url)
    destination = _side(row, "destination", balances_url)
    # Two balances of one name are told apart by their ledgers.
    if source["name"] != destination["name"]:
        source["ledger"] = destination["ledger"] = ""
    is_one_currency = row["currency_count"] == 1
    return {
        "key": key,
        "url": f"{transactions_url}{key}/",
        "effective": date_tag(row["effective_at"]),
        "reference": row["reference"],
        "description": row["description"],
        "amount": (
            format_amount(int(row["amount_minor"]), row["exponent"])
            if is_one_currency
            else _("%(count)s currencies") % {"count": row["currency_count"]}
        ),
        "currency": row["currency"] if is_one_currency else "",
        "source": source,
        "destination": destination,
        "status": row["status"].lower(),
        "status_label": str(labels[row["status"]]),
    }


def _side(row: dict[str, Any], side: str, balances_url: str) -> Side:
    count = row[f"{side}_count"]
    if count > 1:
        several = ngettext("%(count)s balance", "%(count)s balances", count)
        return {"name": several % {"count": format_count(count)}, "url": "", "ledger": ""}
    public_id = row[f"{side}_public_id"]
    return {
        "name": name_balance(
            indicator=row[f"{side}_indicator"], owner=row[f"{side}_owner"], public_id=public_id
        ),
        "url": f"{balances_url}bln_{public_id}/",
        "ledger": row[f"{side}_ledger"],
    }
