"""The review of a draft in words and figures: each balance before and after."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import describe_side, name_of, shown_minor
from ledgers.models import Currency, Ledger
from ledgers.money import format_amount
from transactions.drafts import Draft, Reviewed
from transactions.duplicates import find_duplicates
from transactions.exchange import format_rate
from transactions.models import Transaction
from transactions.requests import DEBIT, UNLIMITED


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after, ready to print."""

    before: str
    after: str
    is_before_negative: bool
    is_after_negative: bool

    @property
    def is_long(self) -> bool:
        return len(self.before) > 18 or len(self.after) > 18


@dataclass(frozen=True, slots=True)
class ReviewedSide:
    """One balance as the review shows it. A new one has no page yet.

    `available` is there where holds make it differ from the balance; `limits` say what the
    transaction runs into.
    """

    name: str
    url: str
    ledger: str
    counting: str
    currency: str
    is_new: bool
    moves: tuple[str, ...]
    balance: Change | None
    available: Change | None
    inflight: Change | None
    limits: tuple[str, ...]


def keep_sides(sides: Sequence[ReviewedSide]) -> list[dict[str, Any]]:
    """What a review showed, as JSON gives it back: kept until somebody acts on it."""
    kept: list[dict[str, Any]] = json.loads(json.dumps([asdict(side) for side in sides]))
    return kept


def read_sides(kept: Sequence[Mapping[str, Any]]) -> tuple[ReviewedSide, ...]:
    """As `keep_sides` kept them."""
    return tuple(map(_read_side, kept))


def _read_side(kept: Mapping[str, Any]) -> ReviewedSide:
    figures = {name: kept[name] for name in ("balance", "available", "inflight")}
    read = {name: each and Change(**each) for name, each in figures.items()}
    return ReviewedSide(**{**kept, **read})


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """What the review shows; `amounts` are the sums of debits, one for each currency."""

    amounts: tuple[str, ...]
    rate: str
    sides: tuple[ReviewedSide, ...]
    overdraft: str
    duplicates: tuple[Transaction, ...]
    submit: str
    submit_and_next: str


def describe_review(reviewed: Reviewed, *, at: datetime) -> ReviewPage:
    """What the review page shows."""
    draft = reviewed.draft
    currencies = Currency.objects.in_bulk(list({line.currency for line in draft.lines}))
    amounts = _amounts(draft, currencies)
    return ReviewPage(
        amounts=amounts,
        rate=_describe_rate(draft),
        sides=tuple(_describe_sides(reviewed, currencies)),
        overdraft=_describe_overdraft(draft, currencies),
        duplicates=tuple(find_duplicates(draft, at=at)),
        submit=_describe_submit(draft, amounts),
        submit_and_next=_describe_next(draft),
    )


def _amounts(draft: Draft, currencies: dict[str, Currency]) -> tuple[str, ...]:
    sums: Counter[str] = Counter()
    for line in draft.lines:
        if line.direction == DEBIT:
            sums[line.currency] += line.amount_minor
    return tuple(
        f"{format_amount(minor, currencies[code].exponent)} {code}" for code, minor in sums.items()
    )


def _describe_rate(draft: Draft) -> str:
    if draft.exchange_rate is None:
        return ""
    paid, received = draft.lines[0].currency, draft.lines[-1].currency
    return f"1 {paid} = {format_rate(draft.exchange_rate)} {received}"


def _describe_overdraft(draft: Draft, currencies: dict[str, Currency]) -> str:
    if draft.overdraft_minor is None:
        return ""
    if draft.overdraft_minor == UNLIMITED:
        return _("Allowed, without a limit")
    currency = currencies[draft.lines[0].currency]
    return _("Allowed, up to %(limit)s %(currency)s below") % {
        "limit": format_amount(draft.overdraft_minor, currency.exponent),
        "currency": currency.code,
    }


def _describe_submit(draft: Draft, amounts: tuple[str, ...]) -> str:
    amount = " → ".join(amounts) if draft.exchange_rate else ""
    if len(amounts) == 1:
        (amount,) = amounts
    if draft.due_at:
        return _("Schedule %(amount)s") % {"amount": amount or _("journal entry")}
    if draft.is_hold:
        return _("Hold %(amount)s") % {"amount": amount or _("journal entry")}
    return _("Post %(amount)s") % {"amount": amount or _("journal entry")}


def _describe_next(draft: Draft) -> str:
    if draft.due_at:
        return _("Schedule and next")
    return _("Hold and next") if draft.is_hold else _("Post and next")


def _describe_sides(reviewed: Reviewed, currencies: dict[str, Currency]) -> Iterator[ReviewedSide]:
    draft = reviewed.draft
    balances = draft.balances()
    general = "" if len(balances) == len(draft.sides) else Ledger.objects.get(is_general=True).name
    moves: dict[tuple[str, str], list[str]] = {side: [] for side in draft.sides}
    for line in draft.lines:
        amount = format_amount(line.amount_minor, currencies[line.currency].exponent)
        word = _("debited %s") if line.direction == DEBIT else _("credited %s")
        moves[line.side, line.currency].append(word % amount)
    for number, (key, code) in enumerate(draft.sides):
        balance = balances.get(key)
        figures = reviewed.figures[number] if reviewed.figures else None
        side = balance.normal_side if balance else Balance.NormalSide.CREDIT
        exponent = currencies[code].exponent
        available = _available(draft, balance) if balance and figures else None
        yield ReviewedSide(
            name=name_of(balance) if balance else key,
            url=balance.get_absolute_url() if balance else "",
            ledger=balance.ledger.name if balance else general,
            counting=describe_side(side),
            currency=code,
            is_new=balance is None,
            moves=tuple(moves[key, code]),
            balance=figures and show_change(figures[:2], side, exponent),
            available=available and show_available(available, figures, side, exponent),
            inflight=show_change(figures[2:], side, exponent)
            if figures and figures[2] != figures[3]
            else None,
            limits=tuple(list_limits(balance, *available)) if balance and available else (),
        )


def _available(draft: Draft, balance: Balance) -> tuple[int, int]:
    """What can be spent before and after, on the normal side: holds may still take theirs."""
    moves = [
        shown_minor(line.direction * line.amount_minor, balance.normal_side)
        for line in draft.lines
        if line.side == balance.key
    ]
    if draft.is_hold:  # what it will bring cannot be spent yet
        moves = [move for move in moves if move < 0]
    return balance.available_minor, balance.available_minor + sum(moves)


def show_change(pair: tuple[int, ...], side: str, exponent: int) -> Change:
    """Credits less debits before and after, with the sign of the normal side."""
    before, after = (shown_minor(each, side) for each in pair)
    return _change(before, after, exponent)


def show_available(
    available: tuple[int, int], figures: tuple[int, ...] | None, side: str, exponent: int
) -> Change | None:
    """What is available, where holds make it differ from the balance."""
    if figures and available == tuple(shown_minor(each, side) for each in figures[:2]):
        return None
    return _change(*available, exponent)


def _change(before_minor: int, after_minor: int, exponent: int) -> Change:
    return Change(
        format_amount(before_minor, exponent),
        format_amount(after_minor, exponent),
        before_minor < 0,
        after_minor < 0,
    )


def list_limits(balance: Balance, before: int, after: int) -> Iterator[str]:
    """What the transaction takes the balance to, where that is near or below its floor."""
    floor = balance.floor_minor
    if after >= before or floor is None:
        return
    figure = {
        "floor": format_amount(int(floor), balance.currency.exponent),
        "below": format_amount(int(floor) - after, balance.currency.exponent),
        "used": format_amount(-after, balance.currency.exponent),
    }
    if after < floor:
        yield _("%(below)s below its floor of %(floor)s, by this overdraft") % figure
    elif after == floor:
        yield _("Down to its floor of %(floor)s") % figure
    elif after < 0:
        yield _("Uses %(used)s of its overdraft; the floor is %(floor)s") % figure
