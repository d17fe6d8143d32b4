"""What posting a schedule would do now, as the review of a form shows it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from balances.models import Balance
from schedules.models import Schedule
from schedules.operations import request_now
from transactions.drafts import Draft, DraftLine, Reviewed
from transactions.previews import preview
from transactions.requests import HoldRequest, Indicator, Leg, PostingRequest
from transactions.sealing import figures_of


def review_now(schedule: Schedule, *, now: datetime) -> Reviewed:
    """What `post_now` would do; nothing is written.

    Raises:
        PostingError: it would be refused.
    """
    request = request_now(schedule, now=now)
    figures = figures_of(preview(request))
    return Reviewed(_draft_of(request), figures)


def _draft_of(request: PostingRequest) -> Draft:
    """The request as if it had been entered by now."""
    named = {leg.balance for leg in request.legs}
    indicators = Q(indicator__in=[each.name for each in named if isinstance(each, Indicator)])
    keys = Q(pk__in=[each for each in named if isinstance(each, int)])
    found: dict[int | Indicator, Balance] = {}
    for balance in Balance.objects.filter(keys | indicators & ~Q(indicator="")):
        found[balance.pk] = found[Indicator(balance.indicator, balance.currency_id)] = balance
    return Draft(
        lines=tuple(_line(leg, found.get(leg.balance)) for leg in request.legs),
        reference=request.reference,
        effective_at=request.effective_at,
        exchange_rate=request.exchange_rate,
        is_hold=isinstance(request, HoldRequest),
    )


def _line(leg: Leg, balance: Balance | None) -> DraftLine:
    if balance:
        side, currency = balance.key, balance.currency_id
    else:
        assert isinstance(leg.balance, Indicator)  # a balance that is missing is refused
        side, currency = leg.balance.name, leg.balance.currency
    return DraftLine(side, currency, int(leg.direction), leg.amount_minor)
