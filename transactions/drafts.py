"""A transaction on its way from the form to the books: checked, shown, sealed, posted.

What is posted is what was shown: see `transactions.sealing`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from balances.models import Balance
from transactions.errors import (
    AmountTooLargeError,
    ClosedBalanceError,
    InsufficientFundsError,
)
from transactions.models import Entry, Transaction
from transactions.posting import post
from transactions.previews import preview
from transactions.requests import (
    HoldRequest,
    Indicator,
    Leg,
    Outcome,
    PostingRequest,
)
from transactions.sealing import Figures, Sealed, carry_out, figures_of
from web.converters import parse_key

if TYPE_CHECKING:
    from users.models import User

# What may stand in the way of a scheduled transaction now, and be gone when it is due.
PASSING = (InsufficientFundsError, ClosedBalanceError, AmountTooLargeError)
PURPOSE = "post"
MOMENTS = ("effective_at", "expires_at", "due_at")


class DraftLine(NamedTuple):
    """One debit or credit to come.

    The side is the key of a balance (`bln_…`), or an `@indicator` that the General Ledger does
    not hold in this currency yet.
    """

    side: str
    currency: str
    direction: int
    amount_minor: int


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
    """A draft with the figures that it was shown with, for one side after the other.

    What is scheduled may be refused for now: then `refusal` says why, and there are none.
    """

    draft: Draft
    figures: Figures
    refusal: str = ""

    def seal(self, user: User) -> str:
        """As a token that only this person can send back."""
        content = asdict(self.draft)
        for name in MOMENTS:
            content[name] = content[name] and content[name].isoformat()
        content["exchange_rate"] = content["exchange_rate"] and str(content["exchange_rate"])
        return Sealed([content, self.refusal], self.figures).token(user, purpose=PURPOSE)

    @classmethod
    def unseal(cls, token: str, user: User) -> Self:
        """Read a token back.

        Raises:
            signing.BadSignature: it was not made for this person, or was changed.
        """
        sealed = Sealed.read(token, user, purpose=PURPOSE)
        content, refusal = sealed.content
        for name in MOMENTS:
            content[name] = content[name] and datetime.fromisoformat(content[name])
        rate = content["exchange_rate"]
        draft = replace(
            Draft(**content),
            lines=tuple(DraftLine(*line) for line in content["lines"]),
            readings=tuple(content["readings"]),
            exchange_rate=Decimal(rate) if rate else None,
        )
        return cls(draft, sealed.figures, refusal)


def preview_draft(draft: Draft) -> Reviewed:
    """The draft with what it would do to each of its balances; nothing is written.

    Raises:
        PostingError: it would be refused, and, if it is scheduled, for good.
    """
    try:
        return Reviewed(draft, figures_of(preview(draft.request())))
    except PASSING as error:
        if draft.due_at is None:
            raise
        return Reviewed(draft, (), str(error))


def post_reviewed(reviewed: Reviewed, *, actor: User) -> tuple[Transaction, Outcome]:
    """Post or hold what was shown; what is posted already is found, not posted again.

    Raises:
        FiguresChangedError: one of the balances holds another figure by now.
        PostingError: it was refused.
    """
    request = reviewed.draft.request()
    return carry_out(lambda: post(request, actor=actor), figures=reviewed.figures)
