"""The register of a balance: its entries, newest first, each with the figure after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import link_tag, name_balance, shown_minor
from ledgers.money import format_amount
from transactions.models import Entry
from web.formatting import date_tag
from web.pagination import Key

ORDER = (Key("position", descending=True),)

# Who stands on the other side of each transaction, in the same currency: for each direction one
# balance by name, or how many.
COUNTERPARTIES = """
SELECT o.transaction_id, o.direction, o.balance_count, b.public_id, b.indicator, i.name
FROM (
    SELECT e.transaction_id, e.direction, count(DISTINCT e.balance_id) AS balance_count,
           min(e.balance_id) AS balance_id
    FROM transactions_entry AS e
    JOIN balances_balance AS other ON other.id = e.balance_id
    WHERE e.transaction_id = ANY (%s) AND e.balance_id <> %s AND other.currency = %s
    GROUP BY e.transaction_id, e.direction
) AS o
JOIN balances_balance AS b ON b.id = o.balance_id
LEFT JOIN identities_identity AS i ON i.id = b.identity_id
"""

# By transaction and direction.
Counterparties = dict[tuple[int, int], SafeString]


class RegisterRow(TypedDict):
    """One entry as the register prints it; `before` is the figure it found."""

    effective: SafeString | str
    reference: str
    url: str
    counterparty: SafeString
    description: str
    debit: str
    credit: str
    running: str
    is_negative: bool
    is_long: bool
    before: str


def entries_of(balance: Balance) -> QuerySet[Entry, Any]:
    """What the register reads of each entry."""
    return Entry.objects.filter(balance=balance).values(
        "position",
        "effective_at",
        "direction",
        "amount_minor",
        "running_minor",
        "transaction_id",
        "transaction__public_id",
        "transaction__reference",
        text=Left("transaction__description", 200),
    )


def format_register(balance: Balance, entries: Sequence[dict[str, Any]]) -> list[RegisterRow]:
    """Rows of `entries_of`, formatted, with the counterparty of each; one query."""
    parties = _counterparties(balance, [entry["transaction_id"] for entry in entries])
    transactions_url = reverse("transactions:list")
    return [
        _format_row(balance, entry, _counterparty_of(entry, parties), transactions_url)
        for entry in entries
    ]


def _format_row(
    balance: Balance, entry: dict[str, Any], party: SafeString, transactions_url: str
) -> RegisterRow:
    exponent, side = balance.currency.exponent, balance.normal_side
    amount = format_amount(entry["amount_minor"], exponent)
    is_credit = entry["direction"] == Entry.Direction.CREDIT
    net_before = entry["running_minor"] - entry["direction"] * entry["amount_minor"]
    running = shown_minor(entry["running_minor"], side)
    return {
        "effective": date_tag(entry["effective_at"]),
        "reference": entry["transaction__reference"],
        "url": f"{transactions_url}txn_{entry['transaction__public_id']}/",
        "counterparty": party,
        "description": entry["text"],
        "debit": "" if is_credit else amount,
        "credit": amount if is_credit else "",
        "running": format_amount(running, exponent),
        "is_negative": running < 0,
        "is_long": abs(running) >= 10**13,
        "before": format_amount(shown_minor(net_before, side), exponent),
    }


def _counterparty_of(entry: dict[str, Any], parties: Counterparties) -> SafeString:
    """Whom a credit was debited, and the other way round; else whoever else took part."""
    transaction_id, direction = entry["transaction_id"], entry["direction"]
    opposite = parties.get((transaction_id, -direction))
    return opposite or parties[transaction_id, direction]


def _counterparties(balance: Balance, transaction_ids: list[int]) -> Counterparties:
    balances_url = reverse("balances:list")
    with connection.cursor() as cursor:
        cursor.execute(COUNTERPARTIES, [transaction_ids, balance.pk, balance.currency_id])
        rows = cursor.fetchall()
    return {
        (transaction_id, direction): _name_party(balances_url, count, *names)
        for transaction_id, direction, count, *names in rows
    }


def _name_party(
    balances_url: str, count: int, public_id: UUID, indicator: str, owner: str | None
) -> SafeString:
    if count > 1:
        return format_html("{}", _("%(count)s balances") % {"count": count})
    name = name_balance(indicator=indicator, owner=owner, public_id=public_id)
    return link_tag(f"{balances_url}bln_{public_id}/", name)
