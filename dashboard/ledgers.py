"""The Ledgers table: which ledgers, in what order, with figures that are sums over balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    F,
    IntegerField,
    Max,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from balances.figures import CurrencyTotal
from ledgers.models import Ledger, plain_name
from web.addresses import url_of
from web.formatting import Dates, active_dates, format_count
from web.pagination import Key
from web.sorting import Column, Sorting
from web.statements import fetch_all

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

COLUMNS = (
    Column("name", _("Name"), ("plain_name", "id")),
    Column("balances", _("Balances"), ("balance_count", "id"), "num", descending_first=True),
    Column(
        "transactions", _("Transactions"), ("transaction_count", "id"), "num", descending_first=True
    ),
    Column("activity", _("Last activity"), ("active_at", "id"), "hide-s", descending_first=True),
    Column("created", _("Created"), ("created_at", "id"), "hide-s", descending_first=True),
)
# What a column is sorted by when the table does not hold it; these read every balance.
SORTED_BY: Mapping[str, Any] = {
    "plain_name": plain_name("name"),
    "balance_count": Count("balances"),
    "transaction_count": Cast(
        Coalesce(
            Sum(F("balances__ledger_transaction_count") - F("balances__ledger_follower_count")), 0
        ),
        BigIntegerField(),
    ),
    "active_at": Coalesce(Max("balances__last_entry_at"), Value(LONG_AGO)),
}

FIGURES = """
SELECT ledger_id, count(*), sum(ledger_transaction_count - ledger_follower_count),
       max(last_entry_at)
FROM balances_balance WHERE ledger_id = ANY (%s) GROUP BY ledger_id
"""
# The exponents are joined to the sums: a join below them would be made for each balance.
SUMS_OF_LEDGER = """
SELECT s.currency, c.exponent, s.count, s.debit_minor, s.credit_minor, s.transaction_count,
       s.active_at
FROM (
    SELECT currency, count(*), sum(debit_minor) AS debit_minor, sum(credit_minor) AS credit_minor,
           sum(ledger_transaction_count - ledger_follower_count) AS transaction_count,
           max(last_entry_at) AS active_at
    FROM balances_balance WHERE ledger_id = %s GROUP BY currency
) AS s
JOIN ledgers_currency AS c ON c.code = s.currency
ORDER BY s.currency
"""
LATEST = """
SELECT id, public_id, name, is_general, created_at FROM ledgers_ledger
WHERE NOT is_general ORDER BY created_at DESC, id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the balances of one ledger say about it; its transactions are events."""

    balance_count: int = 0
    transaction_count: int = 0
    active_at: datetime | None = None


class LedgerRow(TypedDict):
    """A row of the table, as the template prints it; `css` and `tag` mark it, or are empty."""

    name: str
    url: str
    css: str
    tag: str
    balances: str
    balances_url: str
    transactions: str
    transactions_url: str
    active: SafeString | str
    created: SafeString | str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of one table share; looked up once."""

    ledgers_url: str
    balances_url: str
    transactions_url: str
    dates: Dates


def matching_ledgers(text: str) -> QuerySet[Ledger]:
    """The ledgers whose name holds `text`, case aside; all of them without it."""
    ledgers = Ledger.objects.all()
    return ledgers.filter(name__icontains=text) if text else ledgers


def ordered(
    ledgers: QuerySet[Ledger], sorting: Sorting
) -> tuple[QuerySet[Ledger, Any], tuple[Key, ...]]:
    """The ledgers with what they are sorted by, and the order: the General Ledger, then that.

    It comes first in either direction, so that every key of the order has the same one.
    """
    descending = sorting.order[0].descending
    pinned = Case(
        When(is_general=True, then=Value(int(descending))),
        default=Value(int(not descending)),
        output_field=IntegerField(),
    )
    by = {key.field: SORTED_BY[key.field] for key in sorting.order if key.field in SORTED_BY}
    rows = ledgers.annotate(pinned=pinned, **by).values(
        "id", "public_id", "name", "is_general", "created_at", "pinned", *by
    )
    return rows, (Key("pinned", descending), *sorting.order)


def figures_of(ledger_ids: Iterable[int]) -> dict[int, Figures]:
    """The figures of these ledgers, in one query; a ledger without balances is left out."""
    rows = fetch_all(FIGURES, [list(ledger_ids)])
    return {pk: Figures(balances, int(count), at) for pk, balances, count, at in rows}


def ledger_rows(ledgers: Sequence[Mapping[str, Any]], *, new: str = "") -> list[LedgerRow]:
    """Rows ready for the template, from the values that `ordered` selects.

    The ledger with the key `new` is marked.
    """
    figures = figures_of(ledger["id"] for ledger in ledgers)
    shared = Surroundings(
        url_of("ledgers:list"),
        url_of("balances:list"),
        url_of("transactions:list"),
        active_dates(),
    )
    return [
        _row(ledger, figures.get(ledger["id"], Figures()), shared, new=new) for ledger in ledgers
    ]


def _row(
    ledger: Mapping[str, Any], figures: Figures, shared: Surroundings, *, new: str
) -> LedgerRow:
    key = f"ldg_{ledger['public_id']}"
    css, tag = ("new", gettext("new")) if key == new else ("", "")
    if ledger["is_general"]:
        css, tag = f"general {css}".strip(), gettext("default")
    return {
        "name": ledger["name"],
        "url": f"{shared.ledgers_url}{key}/",
        "css": css,
        "tag": tag,
        "balances": format_count(figures.balance_count),
        "balances_url": f"{shared.balances_url}?ledger={key}",
        "transactions": format_count(figures.transaction_count),
        "transactions_url": f"{shared.transactions_url}?ledger={key}",
        "active": shared.dates.since_tag(figures.active_at),
        "created": shared.dates.time_tag(ledger["created_at"]),
    }


def currency_totals(ledger: Ledger) -> tuple[list[CurrencyTotal], Figures]:
    """What the balances of a ledger add up to in each currency, and in number; read once."""
    totals, figures = [], Figures()
    for code, exponent, count, debit, credit, transactions, active_at in fetch_all(
        SUMS_OF_LEDGER, [ledger.pk]
    ):
        totals.append(CurrencyTotal(code, exponent, count, int(debit), int(credit)))
        figures = Figures(
            figures.balance_count + count,
            figures.transaction_count + int(transactions),
            max(filter(None, (figures.active_at, active_at)), default=None),
        )
    return totals, figures


def latest_ledgers(size: int) -> list[LedgerRow]:
    """The ledgers created last, the General Ledger aside, with their figures."""
    names = ("id", "public_id", "name", "is_general", "created_at")
    return ledger_rows([dict(zip(names, row, strict=True)) for row in fetch_all(LATEST, [size])])
