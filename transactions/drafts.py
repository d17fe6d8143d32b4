"""A transaction on its way from the form to the books: checked, shown, sealed, posted.

What is posted is what was shown. The review carries its content and its figures in a signed
token; posting compares the figures inside its own database transaction, and takes everything
back when one of them has changed meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

from django.core import signing
from django.db import transaction as db_transaction

from balances.models import Balance
from balances.naming import shown_minor
from transactions.errors import (
    AmountTooLargeError,
    ClosedBalanceError,
    InsufficientFundsError,
)
from transactions.models import Entry, Transaction
from transactions.posting import post
from transactions.requests import (
    HoldRequest,
    Indicator,
    Leg,
    Outcome,
    PostingRequest,
)
from web.converters import parse_key

if TYPE_CHECKING:
    from users.models import User

# What may stand in the way of a scheduled transaction now, and be gone when it is due.
PASSING = (InsufficientFundsError, ClosedBalanceError, AmountTooLargeError)
MOMENTS = ("effective_at", "expires_at", "due_at")


class FiguresChangedError(Exception):
    """A figure that was shown is no longer the one in the books; nothing was posted."""


class DraftLine(NamedTuple):
    """One debit or credit to come.

    The side is the key of a balance (`bln_…`), or an `@indicator` that the General Ledger does
    not hold in this currency yet.
    """

    side: str
    currency: str
    direction: int
    amount_minor: int


class Figures(NamedTuple):
    """One balance before and after, in minor units.

    The balance and what is inflight are credits less debits; what is available counts on the
    normal side, less what holds may still take.
    """

    before_minor: int
    after_minor: int
    inflight_before_minor: int
    inflight_after_minor: int
    available_before_minor: int
    available_after_minor: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What was entered, not yet posted: now, held, or at `due_at`.

    Without `effective_at` it takes effect when it is posted. `readings` say how sums were
    read, `sent` is the form as it came, to be filled in again.
    """

    lines: tuple[DraftLine, ...]
    reference: str
    description: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    effective_at: datetime | None = None
    overdraft_minor: int | None = None
    exchange_rate: Decimal | None = None
    is_hold: bool = False
    expires_at: datetime | None = None
    due_at: datetime | None = None
    readings: tuple[str, ...] = ()
    sent: str = ""

    @property
    def sides(self) -> list[tuple[str, str]]:
        """Each side once, with its currency, in the order of the lines."""
        return list(dict.fromkeys((line.side, line.currency) for line in self.lines))

    def balances(self) -> dict[str, Balance]:
        """The sides that exist, by key, with what names them."""
        ids = {parse_key(line.side, "bln") for line in self.lines}
        found = Balance.objects.filter(public_id__in=[each for each in ids if each])
        return {each.key: each for each in found.select_related("identity", "ledger", "currency")}

    def request(self) -> PostingRequest:
        """What the posting engine is asked for."""
        balances = self.balances()
        content: dict[str, Any] = {
            "reference": self.reference,
            "legs": [
                Leg(
                    balances[line.side].pk
                    if line.side in balances
                    else Indicator(line.side, line.currency),
                    Entry.Direction(line.direction),
                    line.amount_minor,
                )
                for line in self.lines
            ],
            "description": self.description,
            "effective_at": self.effective_at,
            "metadata": self.metadata,
            "overdraft_minor": self.overdraft_minor,
        }
        if self.is_hold:
            return HoldRequest(**content, expires_at=self.expires_at)
        return PostingRequest(**content, exchange_rate=self.exchange_rate)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A draft with the figures that it was shown with, one for each side.

    What is scheduled may be refused for now: then `refusal` says why, and there are none.
    """

    draft: Draft
    figures: tuple[Figures, ...]
    refusal: str = ""

    def seal(self, user: User) -> str:
        """As a token that only this person can send back."""
        content = asdict(self.draft)
        for name in MOMENTS:
            content[name] = content[name] and content[name].isoformat()
        content["exchange_rate"] = content["exchange_rate"] and str(content["exchange_rate"])
        content["lines"] = [list(line) for line in self.draft.lines]
        figures = [list(each) for each in self.figures]
        return signing.dumps([content, figures, self.refusal], salt=_salt(user), compress=True)

    @classmethod
    def unseal(cls, token: str, user: User) -> Self:
        """Read a token back.

        Raises:
            signing.BadSignature: it was not made for this person, or was changed.
        """
        content, figures, refusal = signing.loads(token, salt=_salt(user))
        for name in MOMENTS:
            content[name] = content[name] and datetime.fromisoformat(content[name])
        rate = content["exchange_rate"]
        draft = replace(
            Draft(**content),
            lines=tuple(DraftLine(*line) for line in content["lines"]),
            readings=tuple(content["readings"]),
            exchange_rate=Decimal(rate) if rate else None,
        )
        return cls(draft, tuple(Figures(*each) for each in figures), refusal)


def preview_draft(draft: Draft) -> Reviewed:
    """The draft with what it would do to each of its balances; nothing is written.

    Raises:
        PostingError: it would be refused, and, if it is scheduled, for good.
    """
    try:
        with db_transaction.atomic():
            request = draft.request()
            post(request)
            figures = _read_figures(request)
            db_transaction.set_rollback(True)
    except PASSING as error:
        if draft.due_at is None:
            raise
        return Reviewed(draft, (), str(error))
    return Reviewed(draft, figures)


def post_reviewed(reviewed: Reviewed, *, actor: User) -> tuple[Transaction, Outcome]:
    """Post what was shown; what is posted already is found, not posted again.

    Raises:
        FiguresChangedError: one of the balances holds another figure by now.
        PostingError: it was refused.
    """
    with db_transaction.atomic():
        request = reviewed.draft.request()
        result = post(request, actor=actor)
        if result.outcome == Outcome.POSTED and _read_figures(request) != reviewed.figures:
            raise FiguresChangedError
    return Transaction.objects.get(pk=cast(int, result.transaction_id)), result.outcome


def _read_figures(request: PostingRequest) -> tuple[Figures, ...]:
    """The balances of what was posted or held just now, and is still locked."""
    balances = _touched(request.legs)
    moved: Counter[tuple[int | Indicator, int]] = Counter()
    for leg in request.legs:
        moved[leg.balance, int(leg.direction)] += leg.amount_minor
    is_hold = isinstance(request, HoldRequest)
    return tuple(
        _figures_of(balance, credit=moved[side, 1], debit=moved[side, -1], is_hold=is_hold)
        for side, balance in balances.items()
    )


def _touched(legs: Sequence[Leg]) -> dict[int | Indicator, Balance]:
    """The balance of each side, as it is now."""
    sides = list(dict.fromkeys(leg.balance for leg in legs))
    by_pk = Balance.objects.in_bulk([side for side in sides if not isinstance(side, Indicator)])
    return {
        side: Balance.objects.get(indicator=side.name, currency=side.currency)
        if isinstance(side, Indicator)
        else by_pk[side]
        for side in sides
    }


def _figures_of(balance: Balance, *, credit: int, debit: int, is_hold: bool) -> Figures:
    after, inflight_after = balance.balance_minor, balance.inflight_minor
    net = credit - debit
    is_credit_normal = balance.normal_side == Balance.NormalSide.CREDIT
    reserved = balance.inflight_debit_minor if is_credit_normal else balance.inflight_credit_minor
    available_after = shown_minor(after, balance.normal_side) - int(reserved)
    spent = (
        (debit if is_credit_normal else credit)
        if is_hold
        else -shown_minor(net, balance.normal_side)
    )
    return Figures(
        before_minor=after if is_hold else after - net,
        after_minor=after,
        inflight_before_minor=inflight_after - net if is_hold else inflight_after,
        inflight_after_minor=inflight_after,
        available_before_minor=available_after + spent,
        available_after_minor=available_after,
    )


def _salt(user: User) -> str:
    return f"transactions.review:{user.pk}"
