"""The Balances table, now or at a moment of the past: what its rows add up to lies above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.subjects import AUDIT, by_subject, subject_id
from balances.fields import COMPUTED, FIELDS, LASTING
from balances.figures import CurrencyTotal, sum_by_currency, sum_of
from balances.filters import BalanceFilter, column_of, select_along
from balances.models import Balance
from balances.rows import FIELDS as VALUES
from balances.rows import format_rows
from reports.balance_moments import rows_at, totals_of_ledger
from reports.balance_rows import plain_row, table_row
from reports.moments import sums_before
from web.as_of import CLOCKS, NAMES, NOW, Moment, read_moment
from web.counting import EXACT_MAX
from web.formatting import format_count
from web.journals import by_column
from web.pagination import Key
from web.sorting import Column, date_column, number_column
from web.standing import GIVEN, Standing
from web.tables.definition import (
    Label,
    Selected,
    Sum,
    Tab,
    Table,
    TableRow,
    register,
    with_column,
)
from web.tables.fields import Field
from web.tables.state import TableState

# An event of a balance, of its owner, by whose name it is known, or of its ledger.
BY_EVENT = """
{balance} UNION ALL
SELECT b.id FROM identities_identity AS i JOIN balances_balance AS b ON b.identity_id = i.id
WHERE i.public_id = {owner_id} UNION ALL
SELECT b.id FROM ledgers_ledger AS l JOIN balances_balance AS b ON b.ledger_id = l.id
WHERE l.public_id = {ledger_id}
""".format(
    balance=by_subject("balances_balance", "bln"),
    owner_id=subject_id("idt"),
    ledger_id=subject_id("ldg"),
)
MORE_VALUES = (
    *VALUES,
    "metadata",
    "transaction_count",
    "follower_count",
    "last_entry_at",
    "floor_minor",
)
SIDE = Column("side", _("Normal side"), ("normal_side", "id"), "hide-s muted", is_shown=False)
CLOSED = Column("closed", _("Closed"))
INFLIGHT = Q(inflight_credit_minor__gt=0) | Q(inflight_debit_minor__gt=0)


def _hidden_number(name: str, label: Label, key: str) -> Column:
    return number_column(name, label, key, css="num hide-s", is_shown=False)


class BalanceTable(Table):
    """All balances as they stand; an instance belongs to one address."""

    name: ClassVar[str] = "balances"
    element: ClassVar[str] = "balance-table"
    url_name: ClassVar[str] = "balances:list"
    title: ClassVar[Label] = _("Balances")
    search_label: ClassVar[Label] = _("Owner or indicator")
    empty_template: ClassVar[str] = "balances/_empty.html"
    columns: ClassVar[Sequence[Column]] = (
        Column("owner", _("Owner or indicator"), ("plain_title", "id"), is_fixed=True),
        Column("ledger", _("Ledger"), ("ledger__name", "id"), "hide-s"),
        Column("currency", _("Currency"), ("currency_id", "id"), "hide-s"),
        number_column("balance", _("Balance"), "balance_major"),
        number_column("inflight", _("Inflight"), "inflight_major", css="num hide-s"),
        _hidden_number("credits", _("Credits"), "credit_major"),
        _hidden_number("debits", _("Debits"), "debit_major"),
        _hidden_number("transactions", _("Transactions"), "event_total"),
        Column(
            "floor",
            _("Floor"),
            ("has_floor", "floor_major", "id"),
            "num hide-s",
            is_number=True,
            is_shown=False,
        ),
        date_column("activity", _("Last activity"), "active_at", is_shown=False),
        date_column("created", _("Created"), "created_at"),
        Column("glance", _("Last 7 days"), css="hide-s muted", in_files=False),
        SIDE,
        Column("id", _("Id"), ("public_id",), "hide-s id", is_shown=False),
    )
    fields: ClassVar[Sequence[Field]] = FIELDS
    tabs: ClassVar[Sequence[Tab]] = (
        Tab("", _("All")),
        Tab("inflight", _("Inflight"), INFLIGHT),
        # BalanceFilter reads it.
        Tab("internal", _("Internal")),
    )
    refreshes_on: ClassVar[Sequence[str]] = ("balanceCreated",)
    watches: ClassVar[str] = "balances_balance"
    changed_by: ClassVar[Mapping[str, str]] = {
        "transactions_entry": by_column("balance_id"),
        "transactions_reservation": by_column("balance_id"),
        AUDIT: BY_EVENT,
    }
    is_standing: ClassVar[bool] = True
    scope: ClassVar[Sequence[str]] = ("ledger", "identity", "currency", "as_of", "known_at")
    changing_scope: ClassVar[Sequence[str]] = ("identity",)
    date_key: ClassVar[str] = "created_at"
    has_sums: ClassVar[bool] = True
    has_bulk: ClassVar[bool] = True
    bulk_template: ClassVar[str] = "bulk/_records.html"
    ticked_url_name: ClassVar[str] = "bulk:ticked"

    def __init__(
        self, chosen: BalanceFilter | None = None, moment: Moment = NOW, *, new: str = ""
    ) -> None:
        self.chosen = chosen or BalanceFilter()
        self.moment = moment
        self.new = new
        self._totals: list[CurrencyTotal] | None = None

    def for_request(self, request: HttpRequest) -> Table:
        """Balances of the past have fewer columns and fields: what is not kept by moment."""
        moment = read_moment(request)
        table = BalanceTable if moment.is_now else BalanceTableOfPast
        chosen = BalanceFilter.read(request, recorded_by=moment.known_at)
        return table(chosen, moment, new=request.GET.get("new", ""))

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        rows: QuerySet[Any, Any] = self._values(self.chosen.select(self._passing(state)), state)
        return rows

    def standing(self, state: TableState) -> tuple[Standing, Sequence[Key]] | None:
        """Also those of one ledger or owner, whose key is given."""
        only = self.chosen.only
        if only is None or state.is_filtered:
            return super().standing(state)
        column = column_of(only)
        standing, order = self.keep(state, column, partial(self._source_along, column))
        return standing.giving(only.pk), order

    def _source_along(self, column: str, state: TableState) -> Selected:
        rows, order = self._values(self._passing(state), state), state.sorting.order
        if order[0].field == self.date_key:
            return select_along(column, GIVEN, rows, order)
        return rows.filter(**{column: GIVEN}), order

    def source(self, state: TableState) -> Selected:
        """Along the index of the ledger, owner or currency where the order is by date."""
        order = state.sorting.order
        if order[0].field != self.date_key:
            return self.select(state), order
        return self.chosen.select_in_order(self._values(self._passing(state), state), order)

    def _passing(self, state: TableState) -> QuerySet[Balance, Any]:
        by = {name: value for name, value in COMPUTED.items() if state.needs(name)}
        passing = Balance.objects.annotate(**by).filter(state.q)
        return passing.none() if state.is_broken else passing

    def _values(
        self, balances: QuerySet[Balance, Any], state: TableState
    ) -> QuerySet[Balance, Any]:
        needed = [name for name in COMPUTED if state.needs(name)]
        rows: QuerySet[Balance, Any] = balances.values(*MORE_VALUES, *needed)
        return rows

    def format_rows(self, rows: Sequence[dict[str, Any]], state: TableState) -> list[TableRow]:
        rows = rows_at(list(rows), self.moment)
        formatted = format_rows(rows, new=self.new, moment=self.moment)
        names = {column.name for column in state.columns}
        return [table_row(row, ready, names) for row, ready in zip(rows, formatted, strict=True)]

    def read_plain(
        self, rows: Sequence[dict[str, Any]], state: TableState
    ) -> list[Mapping[str, str]]:
        return [plain_row(row, self.moment) for row in rows_at(list(rows), self.moment)]

    def file_columns(self, state: TableState) -> Sequence[Column]:
        """On the page the rarer side stands behind the figure, and who is closed says so."""
        columns = with_column(state.columns, SIDE, behind="balance")
        return with_column(columns, CLOSED, behind="owner")

    def count(self, state: TableState) -> str:
        if not self._is_added_up(state):
            return self._count_passing(state)
        count = self._counted(state)
        return f"{format_count(EXACT_MAX)}+" if self._is_cut(state) else format_count(count)

    def _count_passing(self, state: TableState) -> str:
        is_more = bool(state.q) or state.is_filtered or state.is_exact
        return super().count(state) if is_more else self.chosen.count()

    def _counted(self, state: TableState) -> int:
        return sum(total.balance_count for total in self.totals(state))

    def _is_cut(self, state: TableState) -> bool:
        is_whole = self.chosen.is_narrow or state.is_exact
        return not is_whole and self._counted(state) > EXACT_MAX

    def count_tabs(self, state: TableState, count: str) -> Mapping[str, str]:
        """Of all, and of the internal ones, which an index finds."""
        counts = {state.tab_name: count}
        if not state.conditions and state.tab_name in ("", "internal"):
            other = self.chosen.on_tab(is_internal=not self.chosen.is_internal)
            counts["internal" if other.is_internal else ""] = other.count()
        return counts

    def name_count(self, count: str) -> str:
        words = ngettext("%(count)s balance", "%(count)s balances", 1 if count == "1" else 2)
        return words % {"count": count}

    def chips(self, state: TableState) -> list[tuple[str, str]]:
        return self.chosen.words(state.request)

    def context(self, state: TableState) -> Mapping[str, object]:
        return {"chosen": self.chosen, "moment": self.moment, "totals": self.totals(state)}

    def above(self, state: TableState) -> str:
        return "balances/_above.html" if self.chosen.is_narrow and self.totals(state) else ""

    def sums(self, state: TableState) -> list[Sum]:
        """What balances hold that are filtered otherwise: if they are many, when asked for."""
        if self.chosen.is_narrow or not self._is_added_up(state) or self._is_cut(state):
            return []
        return self.sums_in_files(state)

    def sums_in_files(self, state: TableState) -> list[Sum]:
        """Of one ledger or owner, a page shows them above its rows."""
        return [as_net(total) for total in self.totals(state)]

    def totals(self, state: TableState) -> list[CurrencyTotal]:
        """What passes, added up; in one reading, which counts it as well.

        One ledger or owner has few enough balances for that; of others no more are read than
        are counted.
        """
        if self._totals is None:
            self._totals = self._add_up(state) if self._is_added_up(state) else []
        return self._totals

    def _is_added_up(self, state: TableState) -> bool:
        return state.is_filtered or state.is_exact or self.chosen.is_any

    def _add_up(self, state: TableState) -> list[CurrencyTotal]:
        if self.chosen.only and not state.q:
            return sum_of(self.chosen.only)
        passing = self.chosen.select(self._passing(state))
        if not self.chosen.is_narrow and not state.is_exact:
            first = passing.order_by().values("pk")[: EXACT_MAX + 1]
            passing = Balance.objects.filter(pk__in=first)
        return sum_by_currency(passing)


class BalanceTableOfPast(BalanceTable):
    """All balances that had been opened by `known_at`; by `as_of` alone, all that there are.

    An entry may be dated back into a balance that was opened later. What was inflight is not kept
    by moment.
    """

    columns: ClassVar[Sequence[Column]] = tuple(
        replace(column, fields=()) if column.is_number else column
        for column in BalanceTable.columns
        if column.name in ("owner", "ledger", "currency", "balance", "created", "side", "id")
    )
    fields: ClassVar[Sequence[Field]] = LASTING
    tabs: ClassVar[Sequence[Tab]] = tuple(tab for tab in BalanceTable.tabs if not tab.q)
    changed_by: ClassVar[Mapping[str, str]] = {}
    has_sums: ClassVar[bool] = False
    has_bulk: ClassVar[bool] = False
    bulk_template: ClassVar[str] = ""

    def count(self, state: TableState) -> str:
        return self._count_passing(state)

    def name_count(self, count: str) -> str:
        words = super().name_count(count)
        if self.moment.known_at:
            return words
        return gettext("%(balances)s, also those opened since") % {"balances": words}

    def file_columns(self, state: TableState) -> Sequence[Column]:
        """On the page the moment stands above the rows."""
        clocks = (Column(*told) for told in zip(NAMES, CLOCKS, strict=True))
        return (*super().file_columns(state), *clocks)

    def read_plain(
        self, rows: Sequence[dict[str, Any]], state: TableState
    ) -> list[Mapping[str, str]]:
        return [{**row, **self._clocks} for row in super().read_plain(rows, state)]

    @cached_property
    def _clocks(self) -> Mapping[str, str]:
        return dict(zip(NAMES, self.moment.clocks(timezone.now()), strict=True))

    def sums(self, state: TableState) -> list[Sum]:
        return []

    def _is_added_up(self, state: TableState) -> bool:
        return self.chosen.is_narrow

    def _add_up(self, state: TableState) -> list[CurrencyTotal]:
        chosen, moment = self.chosen, self.moment
        is_whole = chosen == BalanceFilter(ledger=chosen.ledger, recorded_by=chosen.recorded_by)
        if chosen.ledger and is_whole and not state.conditions:
            return totals_of_ledger(chosen.ledger, moment)
        passing = chosen.select(self._passing(state))
        ids = list(passing.order_by().values_list("pk", flat=True))
        return [
            CurrencyTotal(each.currency, each.exponent, 0, each.debit_minor, each.credit_minor)
            for each in sums_before(ids, moment.before, known_at=moment.known_at)
        ]


BALANCES = register(BalanceTable())


def as_net(total: CurrencyTotal) -> Sum:
    """What balances come to, whatever their normal sides."""
    return Sum(total.currency, total.net, gettext("credits less debits"), column="balance")
