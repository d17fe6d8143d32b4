"""The tabs of the transactions table that show schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledgers.money import format_plain
from schedules.cells import table_row
from schedules.listing import IS_LATE, passing, schedules_on
from schedules.lives import rows_of_schedules
from schedules.models import Schedule
from schedules.news import schedules_since
from schedules.parties import Party, PartyKey, find_parties, key_of
from schedules.transaction_table import (
    CREATED_BY,
    CURRENCY,
    DESCRIPTION,
    FROM,
    ID,
    KIND,
    REASON,
    STATUS,
    TO,
    TransactionTable,
)
from transactions.filters import Tab
from transactions.models import Transaction
from transactions.requests import DEBIT
from transactions.row_details import Details
from web.counting import count_exact
from web.formatting import active_dates, format_count
from web.marks import Mark
from web.sorting import Column, date_column
from web.tables.definition import TableRow, with_column
from web.tables.fields import (
    AmountField,
    ChoiceField,
    DateField,
    Field,
    TextField,
)
from web.tables.metadata_fields import MetadataField
from web.tables.operators import Operator
from web.tables.state import TableState

COLUMNS = (
    Column("due", gettext_lazy("Due"), ("due_at", "id"), is_fixed=True),
    Column("reference", gettext_lazy("Reference"), ("reference",), is_fixed=True),
    DESCRIPTION,
    FROM,
    TO,
    STATUS,
    Column("amount", gettext_lazy("Amount"), css="num", is_number=True),
    CURRENCY,
    date_column("created", gettext_lazy("Recorded"), "created_at", is_shown=False),
    CREATED_BY,
    KIND,
    ID,
)
ENTERED_BY = {
    Tab.SCHEDULED: "schedule.created",
    Tab.REJECTED: "schedule.rejected",
    Tab.CANCELLED: "schedule.cancelled",
}
DECIDED = ("schedule.posted", "schedule.rejected", "schedule.cancelled")
# What is debited in each currency, in major units.
LINES = """EXISTS (
    SELECT FROM jsonb_array_elements(schedules_schedule.request -> 'legs') AS leg
    LEFT JOIN balances_balance AS b ON b.id = (leg ->> 'balance')::bigint
    JOIN ledgers_currency AS c ON c.code = coalesce(b.currency, leg ->> 'currency')
    WHERE leg ->> 'direction' = 'DEBIT'
    GROUP BY c.code, c.exponent HAVING {having}
)"""
AMOUNT = "sum((leg ->> 'amount_minor')::numeric) * ('1e-' || c.exponent)::numeric"
SIGNS = {
    Operator.GREATER: ">",
    Operator.LESS: "<",
    Operator.AT_LEAST: ">=",
    Operator.AT_MOST: "<=",
}


def _has_line(having: str, *parameters: Any) -> Q:
    sql = LINES.format(having=having)
    return Q(RawSQL(sql, parameters, output_field=BooleanField()))  # noqa: S611 -- constants


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAmountField(AmountField):
    """What a schedule debits in one of its currencies."""

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        if operator == Operator.BETWEEN:
            return _has_line(f"{AMOUNT} BETWEEN %s AND %s", *values)
        if operator in SIGNS:
            return _has_line(f"{AMOUNT} {SIGNS[operator]} %s", *values)
        is_one = _has_line(f"{AMOUNT} = ANY (%s)", list(values))
        return ~is_one if operator == Operator.IS_NOT else is_one


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCurrencyField(Field):
    """A currency of what a schedule debits."""

    def read(self, text: str) -> str:
        return text.upper()

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        has_line = _has_line("c.code = ANY (%s)", list(values))
        return ~has_line if operator == Operator.IS_NOT else has_line

    def say_value(self, text: str) -> str:
        return text.upper()


class ScheduleTable(TransactionTable):
    """Schedules of one state."""

    has_bulk: ClassVar[bool] = False
    bulk_template: ClassVar[str] = ""
    columns: ClassVar[Sequence[Column]] = COLUMNS
    fields: ClassVar[Sequence[Field]] = (
        DateField(name="due", label=gettext_lazy("Due"), lookup="due_at"),
        TextField(name="reference", label=gettext_lazy("Reference")),
        TextField(name="description", label=gettext_lazy("Description"), can_be_empty=True),
        LineAmountField(name="amount", label=gettext_lazy("Amount")),
        LineCurrencyField(name="currency", label=gettext_lazy("Currency")),
        ChoiceField(
            name="kind",
            label=gettext_lazy("Kind"),
            lookup="request__kind",
            choices=[
                (kind.value, kind.label) for kind in (Transaction.Kind.POST, Transaction.Kind.HOLD)
            ],
        ),
        TextField(name="reason", label=gettext_lazy("Reason of rejection"), can_be_empty=True),
        ChoiceField(
            name="late",
            label=gettext_lazy("Overdue"),
            choices=[("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))],
            conditions={"yes": IS_LATE, "no": ~IS_LATE},
        ),
        DateField(
            name="seen",
            label=gettext_lazy("Rejection seen"),
            lookup="seen_at",
            can_be_empty=True,
        ),
        DateField(name="created", label=gettext_lazy("Recorded"), lookup="created_at"),
        TextField(name="created_by", label=gettext_lazy("Recorded by"), lookup="actor__username"),
        MetadataField(
            name="metadata", label=gettext_lazy("Extra information"), lookup="request__metadata"
        ),
    )
    default_sort: ClassVar[str] = "due"
    # Its rows only change, and each change is told there.
    watches: ClassVar[str] = "audit_auditevent"
    date_key: ClassVar[str] = "due_at"

    def select_new(self, state: TableState, since: Mark) -> QuerySet[Any, Any]:
        return self.select(state).filter(public_id__in=schedules_since(since, self.entered_by))

    def select_changed(self, state: TableState, since: Mark) -> QuerySet[Any, Any]:
        """Those that were here, and are decided."""
        left = schedules_since(since, *self.left_by) if self.left_by else set()
        left -= schedules_since(since, self.entered_by) if left else set()
        gone = passing(Schedule.objects.filter(public_id__in=left), self.chosen)
        return self._filter(gone, state)

    @property
    def entered_by(self) -> str:
        """The audit event that puts a schedule on this tab."""
        return ENTERED_BY[self.chosen.tab]

    @property
    def left_by(self) -> Sequence[str]:
        """Those that take one away."""
        return DECIDED if self.chosen.tab == Tab.SCHEDULED else ()

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        return self._filter(schedules_on(self.chosen.tab, self.chosen), state)

    def _filter(self, schedules: QuerySet[Schedule], state: TableState) -> QuerySet[Any, Any]:
        if state.is_broken:
            return schedules.none()
        if any(column.name == CREATED_BY.name for column in state.columns):
            schedules = schedules.select_related("actor")
        return schedules.filter(state.q) if state.conditions else schedules

    def format_rows(self, rows: Sequence[Schedule], state: TableState) -> list[TableRow]:
        found = rows_of_schedules(rows, new=state.request.GET.get("new", ""))
        names = {column.name for column in state.columns}
        dates = active_dates()
        return [
            table_row(row, _details(schedule, names), dates, date_column="due")
            for schedule, row in zip(rows, found, strict=True)
        ]

    def count(self, state: TableState) -> str:
        count = self.counts[self.chosen.tab]
        if state.is_exact:
            return format_count(self.select(state).count())
        return count_exact(self.select(state)) if state.conditions else count.text

    def name_count(self, count: str) -> str:
        words = _("1 transaction") if count == "1" else _("%(count)s transactions")
        return words % {"count": count}

    def read_plain(self, rows: Sequence[Schedule], state: TableState) -> list[Mapping[str, str]]:
        parties = find_parties(leg for schedule in rows for leg in schedule.legs)
        found = rows_of_schedules(rows)
        names = {column.name for column in state.columns}
        return [
            {
                **_plain(schedule, parties),
                "reason": schedule.reason,
                "status": str(STATES_SAID[schedule.state]),
                "kind": row["kind"] or str(Transaction.Kind.POST.label),
                "created_by": _details(schedule, names).actor or _("system"),
            }
            for schedule, row in zip(rows, found, strict=True)
        ]


class DecidedTable(ScheduleTable):
    """Schedules whose time is over, the latest first."""

    default_sort: ClassVar[str] = "-due"

    def file_columns(self, state: TableState) -> Sequence[Column]:
        """On the page the reason of a rejection stands below the reference."""
        columns = super().file_columns(state)
        if self.chosen.tab != Tab.REJECTED:
            return columns
        return with_column(columns, REASON, behind="reference")


STATES_SAID = dict(Schedule.State.choices)


def _details(schedule: Schedule, names: set[str]) -> Details:
    is_named = CREATED_BY.name in names and schedule.actor
    return Details(
        kind=schedule.request["kind"],
        created_at=schedule.created_at,
        actor=schedule.actor.get_username() if is_named and schedule.actor else "",
        batch="",
        parent="",
        parent_reference="",
        metadata=schedule.request["metadata"],
    )


def _plain(schedule: Schedule, parties: Mapping[PartyKey, Party]) -> dict[str, str]:
    debits = [leg for leg in schedule.legs if leg["direction"] == DEBIT.name]
    credits = [leg for leg in schedule.legs if leg["direction"] != DEBIT.name]
    totals: dict[tuple[str, int], int] = {}
    for leg in debits:
        party = parties[key_of(leg)]
        unit = (party.currency, party.exponent)
        totals[unit] = totals.get(unit, 0) + int(leg["amount_minor"])
    return {
        "due": schedule.due_at.isoformat(),
        "reference": schedule.reference,
        "description": schedule.description,
        "from": _names(debits, parties),
        "to": _names(credits, parties),
        **_money(totals),
        "created": schedule.created_at.isoformat(),
        "id": schedule.key,
    }


def _money(totals: Mapping[tuple[str, int], int]) -> dict[str, str]:
    """An amount and its currency; several of them stand with their codes."""
    plain = [
        (code, format_plain(total, exponent)) for (code, exponent), total in sorted(totals.items())
    ]
    if len(plain) == 1:
        return {"currency": plain[0][0], "amount": plain[0][1]}
    return {"amount": "", "currency": "; ".join(f"{code} {amount}" for code, amount in plain)}


def _names(legs: Sequence[dict[str, Any]], parties: Mapping[PartyKey, Party]) -> str:
    return "; ".join(dict.fromkeys(parties[key_of(leg)].name for leg in legs))
