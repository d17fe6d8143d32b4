"""What a transaction does to balances that are there, as its review shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import describe_side, name_of, shown_minor
from ledgers.money import format_amount
from transactions.requests import BalanceChange
from transactions.review import ReviewedSide, list_limits, show_available, show_change


def describe_changes(
    changes: Sequence[BalanceChange], *, are_written: bool = False
) -> tuple[ReviewedSide, ...]:
    """Each balance before and after, with what is available and inflight where that matters.

    `are_written` says that the balances hold the changes already.
    """
    rows = Balance.objects.select_related("identity", "ledger", "currency")
    balances = rows.in_bulk([change.balance_id for change in changes])
    return tuple(_describe(balances[change.balance_id], change, are_written) for change in changes)


def _describe(balance: Balance, change: BalanceChange, is_written: bool) -> ReviewedSide:
    side, exponent = balance.normal_side, balance.currency.exponent
    figures = (change.before_minor, change.after_minor)
    inflight = (change.inflight_before_minor, change.inflight_after_minor)
    available = _available(balance, change, is_written)
    return ReviewedSide(
        name=name_of(balance),
        url=balance.get_absolute_url(),
        ledger=balance.ledger.name,
        counting=describe_side(side),
        currency=balance.currency_id,
        is_new=False,
        moves=tuple(_moves(change, exponent)),
        balance=show_change(figures, side, exponent),
        available=show_available(available, figures, side, exponent),
        inflight=show_change(inflight, side, exponent) if inflight[0] != inflight[1] else None,
        limits=tuple(list_limits(balance, *available)),
    )


def _moves(change: BalanceChange, exponent: int) -> Iterator[str]:
    moved = change.after_minor - change.before_minor
    released = change.inflight_after_minor - change.inflight_before_minor
    amount = format_amount(abs(moved or released), exponent)
    if moved:
        yield (_("credited %s") if moved > 0 else _("debited %s")) % amount
    elif released:
        yield _("released %s") % amount


def _available(balance: Balance, change: BalanceChange, is_written: bool) -> tuple[int, int]:
    """What can be spent before and after, on the normal side.

    What a commit or void releases was held back on the side that takes from the balance, or
    was on its way in and could not be spent.
    """
    side = balance.normal_side
    held = balance.held_minor
    freed = max(0, shown_minor(change.inflight_after_minor - change.inflight_before_minor, side))
    before, after = (shown_minor(each, side) for each in (change.before_minor, change.after_minor))
    if is_written:
        held += freed
    return before - held, after - held + freed
