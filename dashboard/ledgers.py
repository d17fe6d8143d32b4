"""The Ledgers table: which ledgers, in what order, with figures that are sums over balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

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
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.subjects import AUDIT, by_subject
from balances.fields import LONG_AGO
from balances.figures import CurrencyTotal
from balances.naming import link_tag
from ledgers.models import Ledger
from web.addresses import url_of
from web.formatting import Dates, active_dates, format_count
from web.journals import by_column
from web.pagination import Key
from web.sorting import Column, date_column, number_column
from web.statements import fetch_all
from web.tables.definition import Label, Tab, Table, TableRow, register
from web.tables.fields import DateField, Field, KeyField, NumberField, TextField
from web.tables.metadata_fields import MetadataField
from web.tables.periods import Period
from web.tables.state import TableState

VALUES = ("id", "public_id", "name", "plain_name", "is_general", "created_at", "metadata")

# What a column is sorted by when the table does not hold it; these read every balance.
SORTED_BY: Mapping[str, Any] = {
    "balance_count": Count("balances"),
    "transaction_count": Cast(
        Coalesce(
            Sum(F("balances__ledger_transaction_count") - F("balances__ledger_follower_count")), 0
        ),
        BigIntegerField(),
    ),
    "active_at": Coalesce(Max("balances__last_entry_at"), Value(LONG_AGO)),
}

COUNT = "SELECT count(*) FROM ledgers_ledger"
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


@dataclass(frozen=True, slots=True)
class Figures:
    """What the balances of one ledger say about it; its transactions are events."""

    balance_count: int = 0
    transaction_count: int = 0
    active_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of one table share; looked up once."""

    ledgers_url: str
    balances_url: str
    transactions_url: str
    dates: Dates
    new: str


class LedgerTable(Table):
    """The General Ledger comes first in either direction."""

    name: ClassVar[str] = "ledgers"
    element: ClassVar[str] = "ledger-table"
    url_name: ClassVar[str] = "ledgers:list"
    title: ClassVar[Label] = _("Ledgers")
    search_label: ClassVar[Label] = _("Name")
    empty_template: ClassVar[str] = "ledgers/_empty.html"
    columns: ClassVar[Sequence[Column]] = (
        Column("name", _("Name"), ("plain_name", "id"), is_fixed=True),
        number_column("balances", _("Balances"), "balance_count"),
        number_column("transactions", _("Transactions"), "transaction_count"),
        date_column("activity", _("Last activity"), "active_at"),
        date_column("created", _("Created"), "created_at"),
        Column("id", _("Id"), ("public_id",), "hide-s id", is_shown=False),
    )
    fields: ClassVar[Sequence[Field]] = (
        TextField(name="name", label=_("Name")),
        NumberField(name="balances", label=_("Number of balances"), lookup="balance_count"),
        NumberField(
            name="transactions", label=_("Number of transactions"), lookup="transaction_count"
        ),
        DateField(name="activity", label=_("Last activity"), lookup="active_at"),
        DateField(name="created", label=_("Created"), lookup="created_at"),
        KeyField(name="id", label=_("Id"), lookup="public_id", prefix="ldg"),
        MetadataField(name="metadata", label=_("Extra information")),
    )
    tabs: ClassVar[Sequence[Tab]] = (Tab("", _("All")),)
    date_key: ClassVar[str] = "created_at"
    refreshes_on: ClassVar[Sequence[str]] = ("ledgerCreated",)
    has_bulk: ClassVar[bool] = True
    bulk_template: ClassVar[str] = "bulk/_records.html"
    ticked_url_name: ClassVar[str] = "bulk:ticked"
    watches: ClassVar[str] = "ledgers_ledger"
    changed_by: ClassVar[Mapping[str, str]] = {
        "balances_balance": by_column("ledger_id"),
        "transactions_entry": by_column("ledger_id"),
        "transactions_reservation": by_column("ledger_id"),
        AUDIT: by_subject("ledgers_ledger", "ldg"),
    }
    is_standing: ClassVar[bool] = True

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        """Values, with what they are sorted and filtered by."""
        by = {name: figure for name, figure in SORTED_BY.items() if state.needs(name)}
        passing = matching_ledgers(state.text).annotate(**by).filter(state.q)
        rows: QuerySet[Ledger, Any] = passing.values(*VALUES, *by)
        return rows.none() if state.is_broken else rows

    def source(self, state: TableState) -> tuple[QuerySet[Any, Any], Sequence[Key]]:
        """Pinned first by a key that has the direction of the others."""
        order = state.sorting.order
        descending = order[0].descending
        pinned = Case(
            When(is_general=True, then=Value(int(descending))),
            default=Value(int(not descending)),
            output_field=IntegerField(),
        )
        rows: QuerySet[Any, Any] = self.select(state).annotate(pinned=pinned)
        return rows, (Key("pinned", descending), *order)

    def start_of_jump(self, period: Period, order: Sequence[Key]) -> list[Any] | None:
        """Behind what is pinned, which stands on the page before."""
        pinned, *by_date = order
        start = super().start_of_jump(period, by_date)
        return start and [int(not pinned.descending), *start]

    def format_rows(self, rows: Sequence[Mapping[str, Any]], state: TableState) -> list[TableRow]:
        return ledger_rows(rows, new=state.request.GET.get("new", ""))

    def read_plain(
        self, rows: Sequence[Mapping[str, Any]], state: TableState
    ) -> list[Mapping[str, str]]:
        figures = figures_of(row["id"] for row in rows)
        return [_plain_row(row, figures.get(row["id"], Figures())) for row in rows]

    def count(self, state: TableState) -> str:
        """All of them: ledgers are few."""
        if self.standing(state):
            ((count,),) = fetch_all(COUNT)
        else:
            count = self.select(state).order_by().count()
        return format_count(count)

    def name_count(self, count: str) -> str:
        words = ngettext("%(count)s ledger", "%(count)s ledgers", 1 if count == "1" else 2)
        return words % {"count": count}

    def below(self, state: TableState, count: str) -> str:
        is_first_run = count in ("0", "1") and not state.is_filtered
        return "ledgers/_first.html" if is_first_run else ""


LEDGERS = register(LedgerTable())


def matching_ledgers(text: str) -> QuerySet[Ledger]:
    """The ledgers whose name holds `text`, case aside; all of them without it."""
    ledgers = Ledger.objects.all()
    return ledgers.filter(name__icontains=text) if text else ledgers


def figures_of(ledger_ids: Iterable[int]) -> dict[int, Figures]:
    """The figures of these ledgers, in one query; a ledger without balances is left out."""
    rows = fetch_all(FIGURES, [list(ledger_ids)])
    return {pk: Figures(balances, int(count), at) for pk, balances, count, at in rows}


def ledger_rows(ledgers: Sequence[Mapping[str, Any]], *, new: str = "") -> list[TableRow]:
    """Rows ready to print, from `VALUES`. The ledger with the key `new` is marked."""
    figures = figures_of(ledger["id"] for ledger in ledgers)
    shared = Surroundings(
        url_of("ledgers:list"),
        url_of("balances:list"),
        url_of("transactions:list"),
        active_dates(),
        new,
    )
    return [_row(ledger, figures.get(ledger["id"], Figures()), shared) for ledger in ledgers]


def _row(ledger: Mapping[str, Any], figures: Figures, shared: Surroundings) -> TableRow:
    key = f"ldg_{ledger['public_id']}"
    url = f"{shared.ledgers_url}{key}/"
    css, tag = ("new", gettext("new")) if key == shared.new else ("", "")
    if ledger["is_general"]:
        css, tag = f"general {css}".strip(), gettext("default")
    name: SafeString = link_tag(url, ledger["name"])
    if tag:
        name = format_html('{}<span class="tag">{}</span>', name, tag)
    return TableRow(
        key=key,
        url=url,
        quick=f"{url}quick/",
        css=css,
        metadata=ledger["metadata"],
        cells={
            "name": name,
            "balances": _figure_tag(shared.balances_url, key, figures.balance_count),
            "transactions": _figure_tag(shared.transactions_url, key, figures.transaction_count),
            "activity": shared.dates.since_tag(figures.active_at),
            "created": shared.dates.time_tag(ledger["created_at"]),
            "id": key,
        },
        name=ledger["name"],
    )


def _figure_tag(url: str, key: str, count: int) -> SafeString:
    """A count that leads to what it counts; nothing here needs escaping."""
    return SafeString(f'<a href="{url}?ledger={key}" data-figure="count">{format_count(count)}</a>')


def _plain_row(ledger: Mapping[str, Any], figures: Figures) -> Mapping[str, str]:
    return {
        "name": ledger["name"],
        "balances": str(figures.balance_count),
        "transactions": str(figures.transaction_count),
        "activity": figures.active_at.isoformat() if figures.active_at else "",
        "created": ledger["created_at"].isoformat(),
        "id": f"ldg_{ledger['public_id']}",
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
