"""The register of a balance: its entries, newest first, each with the figure after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from django.db.models import QuerySet
from django.db.models.functions import Left
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import link_tag, name_balance, shown_minor
from ledgers.money import format_amount
from transactions.models import Entry
from web.addresses import url_of
from web.formatting import Dates, active_dates
from web.pagination import Key
from web.statements import fetch_all

ORDER = (Key("position", descending=True),)

# Built once: resolving the names takes as long as reading the rows.
ENTRIES: QuerySet[Entry, Any] = Entry.objects.values(
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
# Who stands on the other side of each transaction, in the same currency: for each direction one
# balance by name, or how many.
COUNTERPARTIES = """
SELECT o.transaction_id, o.direction, o.balance_count, b.public_id::text, b.indicator, i.name
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
    """One entry as the register prints it."""

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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of one register share; looked up once."""

    exponent: int
    normal_side: str
    parties: Counterparties
    transactions_url: str
    dates: Dates


def entries_of(balance: Balance) -> QuerySet[Entry, Any]:
    """What the register reads of each entry."""
    return ENTRIES.filter(balance=balance)


def format_register(balance: Balance, entries: Sequence[dict[str, Any]]) -> list[RegisterRow]:
    """Rows of `entries_of`, formatted, with the counterparty of each; one query."""
    shared = Surroundings(
        balance.currency.exponent,
        balance.normal_side,
        _counterparties(balance, [entry["transaction_id"] for entry in entries]),
        url_of("transactions:list"),
        active_dates(),
    )
    return [_format_row(entry, shared) for entry in entries]


def format_before(balance: Balance, entry: dict[str, Any]) -> str:
    """The figure that an entry found."""
    net_minor = entry["running_minor"] - entry["direction"] * entry["amount_minor"]
    return format_amount(shown_minor(net_minor, balance.normal_side), balance.currency.exponent)


def _format_row(entry: dict[str, Any], shared: Surroundings) -> RegisterRow:
    exponent = shared.exponent
    amount = format_amount(entry["amount_minor"], exponent)
    is_credit = entry["direction"] == Entry.Direction.CREDIT
    running = shown_minor(entry["running_minor"], shared.normal_side)
    return {
        "effective": shared.dates.date_tag(entry["effective_at"]),
        "reference": entry["transaction__reference"],
        "url": f"{shared.transactions_url}txn_{entry['transaction__public_id']}/",
        "counterparty": _counterparty_of(entry, shared.parties),
        "description": entry["text"],
        "debit": "" if is_credit else amount,
        "credit": amount if is_credit else "",
        "running": format_amount(running, exponent),
        "is_negative": running < 0,
        "is_long": abs(running) >= 10**13,
    }


def _counterparty_of(entry: dict[str, Any], parties: Counterparties) -> SafeString:
    """Whom a credit was debited, and the other way round; else whoever else took part."""
    transaction_id, direction = entry["transaction_id"], entry["direction"]
    opposite = parties.get((transaction_id, -direction))
    return opposite or parties[transaction_id, direction]


def _counterparties(balance: Balance, transaction_ids: list[int]) -> Counterparties:
    balances_url = url_of("balances:list")
    rows = fetch_all(COUNTERPARTIES, [transaction_ids, balance.pk, balance.currency_id])
    return {
        (transaction_id, direction): _name_party(balances_url, count, *names)
        for transaction_id, direction, count, *names in rows
    }


def _name_party(
    balances_url: str, count: int, public_id: str, indicator: str, owner: str | None
) -> SafeString:
    if count > 1:
        return format_html("{}", _("%(count)s balances") % {"count": count})
    name = name_balance(indicator=indicator, owner=owner, public_id=public_id)
    return link_tag(f"{balances_url}bln_{public_id}/", name)
