"""The figures of a transaction in words, for its page and for what is done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from ledgers.money import format_amount
from transactions.entries import EntryTotal
from transactions.exchange import format_rate
from transactions.models import Transaction
from transactions.requests import UNLIMITED
from transactions.standing import Standing
from web.formatting import format_count


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """What a hold is made of; `is_over` once it cannot be committed any more.

    `is_committed` when something was.
    """

    currency: str
    held: str
    committed: str
    left: str
    released: str
    expires_at: datetime | None
    is_over: bool
    is_committed: bool


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """What was given back of a posting in one currency."""

    currency: str
    refunded: str
    left: str


def describe_hold(standing: Standing) -> HoldFacts | None:
    """The figures of a hold; None for anything else."""
    hold, exponent = standing.hold, standing.exponent
    if hold is None:
        return None
    return HoldFacts(
        currency=standing.currency,
        held=format_amount(int(hold.total_minor), exponent),
        committed=format_amount(int(hold.committed_minor), exponent),
        left=format_amount(hold.remaining_minor, exponent),
        released=format_amount(int(hold.released_minor), exponent) if hold.released_minor else "",
        expires_at=hold.expires_at,
        is_over=bool(hold.expires_at and hold.expires_at <= standing.at),
        is_committed=hold.committed_minor > 0,
    )


def describe_refunds(standing: Standing) -> list[RefundFacts]:
    """What was given back, in each currency."""
    return [
        RefundFacts(
            currency=each.currency,
            refunded=format_amount(each.refunded_minor, each.exponent),
            left=format_amount(each.left_minor, each.exponent),
        )
        for each in standing.posted
    ]


def describe_rate(transaction: Transaction) -> str:
    """The rate that is kept with an exchange: "1 GBP = 1.17 EUR"."""
    if transaction.exchange_rate is None:
        return ""
    rate = format_rate(transaction.exchange_rate)
    entries = transaction.entries.order_by("pk").values_list("balance__currency", flat=True)
    codes = list(dict.fromkeys(entries[:4]))
    if len(codes) != 2:
        return rate
    return f"1 {codes[0]} = {rate} {codes[1]}"


def describe_overdraft(transaction: Transaction, totals: list[EntryTotal]) -> str:
    """How far below their floors it was allowed to take balances."""
    overdraft_minor = transaction.overdraft_minor
    if overdraft_minor is None:
        return ""
    if overdraft_minor == UNLIMITED:
        return _("without a limit")
    if len(totals) > 1:
        return _("%(count)s minor units") % {"count": format_count(int(overdraft_minor))}
    (total,) = totals
    return f"{format_amount(int(overdraft_minor), total.exponent)} {total.currency}"
