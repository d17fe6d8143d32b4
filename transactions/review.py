"""The review of a draft in words and figures: each balance before and after."""

from __future__ import annotations

from dataclasses import dataclass

from balances.models import Balance
from balances.naming import describe_side, name_of, shown_minor
from ledgers.models import Currency, Ledger
from ledgers.money import format_amount
from transactions.drafts import Reviewed


@dataclass(frozen=True, slots=True)
class ReviewedSide:
    """One balance as the review shows it. A new one has no page yet."""

    name: str
    url: str
    ledger: str
    counting: str
    is_new: bool
    is_debit: bool
    change: str
    before: str
    is_before_negative: bool
    after: str
    is_after_negative: bool


@dataclass(frozen=True, slots=True)
class ReviewPage:
    amount: str
    currency: str
    sides: tuple[ReviewedSide, ReviewedSide]


def describe_review(reviewed: Reviewed) -> ReviewPage:
    """What the review page shows."""
    draft = reviewed.draft
    currency = Currency.objects.get(pk=draft.currency)
    balances = draft.balances()
    (source_before, source_after, *_), (destination_before, destination_after, *_) = (
        reviewed.figures
    )
    source = _describe(
        draft.source, balances.get(draft.source), currency, source_before, source_after
    )
    destination = _describe(
        draft.destination,
        balances.get(draft.destination),
        currency,
        destination_before,
        destination_after,
    )
    amount = format_amount(draft.amount_minor, currency.exponent)
    return ReviewPage(amount, currency.code, (source, destination))


def _describe(
    indicator: str, balance: Balance | None, currency: Currency, before: int, after: int
) -> ReviewedSide:
    side = balance.normal_side if balance else Balance.NormalSide.CREDIT
    before_minor, after_minor = shown_minor(before, side), shown_minor(after, side)
    change = format_amount(after_minor - before_minor, currency.exponent)
    general = "" if balance else Ledger.objects.get(is_general=True).name
    return ReviewedSide(
        name=name_of(balance) if balance else indicator,
        url=balance.get_absolute_url() if balance else "",
        ledger=balance.ledger.name if balance else general,
        counting=describe_side(side),
        is_new=balance is None,
        is_debit=after < before,
        change=change if after_minor < before_minor else f"+{change}",
        before=format_amount(before_minor, currency.exponent),
        is_before_negative=before_minor < 0,
        after=format_amount(after_minor, currency.exponent),
        is_after_negative=after_minor < 0,
    )
