"""Schedules as rows, as tables and panels show them: see `schedules.lives` for the former."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from balances.naming import link_tag
from ledgers.money import LONG, format_amount
from schedules.models import Schedule
from schedules.parties import Party, PartyKey, find_parties, key_of
from transactions.requests import DEBIT
from transactions.rows import Amount, say_several
from web.formatting import Dates, active_dates, format_count


class ScheduleRow(TypedDict):
    """One schedule as the table prints it; `effective` is when it is due."""

    url: str
    is_new: bool
    effective: SafeString | str
    reference: str
    description: str
    amount: str
    is_long: bool
    currency: str
    source: SafeString | str
    destination: SafeString | str
    reason: str


def format_rows(schedules: Sequence[Schedule], *, new: str = "") -> list[ScheduleRow]:
    """These schedules in this order, by one query; the one with the key `new` is marked."""
    parties = find_parties(leg for schedule in schedules for leg in schedule.legs)
    dates = active_dates()
    return [_format_row(schedule, parties, dates, new=new) for schedule in schedules]


def _format_row(
    schedule: Schedule, parties: dict[PartyKey, Party], dates: Dates, *, new: str
) -> ScheduleRow:
    url = schedule.get_absolute_url()
    debits = [leg for leg in schedule.legs if leg["direction"] == DEBIT.name]
    rest = [leg for leg in schedule.legs if leg["direction"] != DEBIT.name]
    amounts = _amounts(debits, parties)
    if len(amounts) == 1:
        (only,) = amounts
        amount, currency = format_amount(only.minor, only.exponent), only.currency
    else:
        amount, currency = say_several(amounts, len(amounts)), ""
    return {
        "url": url,
        "is_new": schedule.key == new,
        "effective": dates.time_tag(schedule.due_at),
        "reference": schedule.reference,
        "description": schedule.description[:120],
        "amount": amount,
        "is_long": len(amount) > LONG,
        "currency": currency,
        "source": _side({key_of(leg) for leg in debits}, parties, url),
        "destination": _side({key_of(leg) for leg in rest}, parties, url),
        "reason": schedule.reason,
    }


def _amounts(debits: Iterable[dict[str, Any]], parties: dict[PartyKey, Party]) -> list[Amount]:
    """What is debited in each currency."""
    minors: Counter[tuple[str, int]] = Counter()
    for leg in debits:
        party = parties[key_of(leg)]
        minors[party.currency, party.exponent] += int(leg["amount_minor"])
    return [Amount(*currency, minor) for currency, minor in sorted(minors.items())]


def _side(keys: set[PartyKey], parties: dict[PartyKey, Party], url: str) -> SafeString:
    """A link to the balance; to the schedule where there are several, or none yet."""
    if len(keys) > 1:
        several = ngettext("%(count)s balance", "%(count)s balances", len(keys))
        return link_tag(url, several % {"count": format_count(len(keys))})
    party = parties[next(iter(keys))]
    return link_tag(party.url or url, party.name)
