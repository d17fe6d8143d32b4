"""Schedules in the transactions table: those under its filters, and those behind transactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from balances.models import Balance
from ledgers.models import Ledger
from schedules.models import Schedule
from transactions.counts import Count
from transactions.filters import Tab, TransactionFilter
from web.converters import parse_key
from web.counting import EXACT_MAX, count_exact
from web.statements import array_of, fetch_all

STATES = {
    Tab.SCHEDULED: Schedule.State.SCHEDULED,
    Tab.REJECTED: Schedule.State.REJECTED,
    Tab.CANCELLED: Schedule.State.CANCELLED,
}
# A worker that runs has posted it long before.
LATE = timedelta(minutes=3)
IS_LATE = Q(state=Schedule.State.SCHEDULED, due_at__lt=Now() - LATE)
# Indicators live in the General Ledger, opened or not.
OF_LEDGER = """EXISTS (
    SELECT FROM jsonb_array_elements(schedules_schedule.request -> 'legs') AS leg
    LEFT JOIN balances_balance AS b ON b.id = (leg ->> 'balance')::bigint
    WHERE b.ledger_id = %s OR %s AND jsonb_exists(leg, 'indicator')
)"""
ALL = """
SELECT (SELECT count(*) FROM (SELECT FROM schedules_schedule WHERE state = w.state LIMIT %s) AS s)
FROM unnest(%s::text[]) WITH ORDINALITY AS w (state, number) ORDER BY w.number
"""
OF_TRANSACTIONS = "SELECT transaction_id FROM schedules_schedule WHERE transaction_id = ANY (%s)"


def schedules_on(tab: Tab, chosen: TransactionFilter) -> QuerySet[Schedule]:
    """Those on the tab that pass the filters of the table."""
    return passing(Schedule.objects.filter(state=STATES[tab]), chosen)


def passing(schedules: QuerySet[Schedule], chosen: TransactionFilter) -> QuerySet[Schedule]:
    """Those among them that pass the scope and the text of the table."""
    if chosen.is_impossible:
        return schedules.none()
    if chosen.text:
        public_id = parse_key(chosen.text, "sch")
        found = {"public_id": public_id} if public_id else {"reference__startswith": chosen.text}
        schedules = schedules.filter(**found)
    if isinstance(chosen.scope, Balance):
        schedules = schedules.filter(_moves(chosen.scope))
    elif chosen.scope:
        schedules = schedules.filter(_moves_in(chosen.scope))
    return schedules


def count_tabs_of_schedules(chosen: TransactionFilter) -> dict[Tab, Count]:
    """The rows on each tab of the schedules, under the other filters."""
    rows = fetch_all(ALL, [EXACT_MAX + 1, [state.value for state in STATES.values()]])
    return {
        tab: Count.said(count_exact(schedules_on(tab, chosen)))
        if chosen.is_any and count
        else Count.of(count, maximum=EXACT_MAX)
        for tab, (count,) in zip(STATES, rows, strict=True)
    }


def scheduled_before(transaction_ids: Sequence[int]) -> set[int]:
    """Which of these transactions were posted by a schedule."""
    return {pk for (pk,) in fetch_all(OF_TRANSACTIONS, [array_of(transaction_ids)])}


def _moves(balance: Balance) -> Q:
    moves = Q(request__contains={"legs": [{"balance": balance.pk}]})
    if balance.indicator:
        named = {"indicator": balance.indicator, "currency": balance.currency_id}
        moves |= Q(request__contains={"legs": [named]})
    return moves


def _moves_in(ledger: Ledger) -> RawSQL:
    parameters = [ledger.pk, ledger.is_general]
    return RawSQL(OF_LEDGER, parameters, output_field=BooleanField())  # noqa: S611 -- a constant
