"""What posting a schedule would do now: each balance before and after, and the figures to seal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from balances.models import Balance
from balances.naming import name_of, shown_minor
from ledgers.models import Currency, Ledger
from ledgers.money import format_amount
from schedules.models import Schedule
from schedules.operations import request_now
from transactions.answers import indicators_of
from transactions.previews import preview
from transactions.requests import BalanceChange, PostingRequest
from transactions.sealing import Figures, figures_of


@dataclass(frozen=True, slots=True)
class ReviewedBalance:
    """One balance before and after; a hold moves what is inflight on it, not the balance."""

    name: str
    url: str
    ledger: str
    currency: str
    is_inflight: bool
    before: str
    after: str
    is_before_negative: bool
    is_after_negative: bool


@dataclass(frozen=True, slots=True)
class Review:
    rows: list[ReviewedBalance]
    figures: Figures


def review_now(schedule: Schedule, *, now: datetime) -> Review:
    """What `post_now` would do; nothing is written.

    Raises:
        PostingError: it would be refused.
    """
    request = request_now(schedule, now=now)
    changes = preview(request)
    return Review(list(_describe(request, changes)), figures_of(changes))


def _describe(
    request: PostingRequest, changes: Sequence[BalanceChange]
) -> Iterator[ReviewedBalance]:
    related = Balance.objects.select_related("identity", "ledger", "currency")
    balances = related.in_bulk([change.balance_id for change in changes])
    opened = _opened(request, changes, balances)
    for change in changes:
        balance = balances.get(change.balance_id) or opened[change.balance_id]
        is_inflight = change.before_minor == change.after_minor
        figures = (
            (change.inflight_before_minor, change.inflight_after_minor)
            if is_inflight
            else (change.before_minor, change.after_minor)
        )
        before, after = (shown_minor(each, balance.normal_side) for each in figures)
        exponent = balance.currency.exponent
        yield ReviewedBalance(
            name=name_of(balance),
            url=balance.get_absolute_url() if balance.pk else "",
            ledger=balance.ledger.name,
            currency=balance.currency_id,
            is_inflight=is_inflight,
            before=format_amount(before, exponent),
            after=format_amount(after, exponent),
            is_before_negative=before < 0,
            is_after_negative=after < 0,
        )


def _opened(
    request: PostingRequest, changes: Sequence[BalanceChange], balances: dict[int, Balance]
) -> dict[int, Balance]:
    """The balances that the preview opened and took back, by the keys that they had."""
    missing = sorted({change.balance_id for change in changes} - balances.keys())
    if not missing:
        return {}
    general = Ledger.objects.get(is_general=True)
    currencies = Currency.objects.in_bulk()
    known = set(
        Balance.objects.exclude(indicator="").values_list("indicator", "currency_id").distinct()
    )
    # Indicators are opened in this order, so their keys are, too.
    new = [
        each
        for each in indicators_of(leg.balance for leg in request.legs)
        if (each.name, each.currency) not in known
    ]
    return {
        pk: Balance(ledger=general, currency=currencies[each.currency], indicator=each.name)
        for pk, each in zip(missing, new, strict=True)
    }
