"""A transfer on its way from the form to the books: checked, shown, sealed, posted.

What is posted is what was shown: see `transactions.sealing`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.utils.dateparse import parse_datetime

from balances.models import Balance
from transactions.models import Transaction
from transactions.posting import post
from transactions.previews import preview
from transactions.requests import Indicator, Outcome, PostingRequest, transfer
from transactions.sealing import Figures, Sealed, carry_out, figures_of
from web.converters import parse_key

if TYPE_CHECKING:
    from users.models import User

PURPOSE = "post"


@dataclass(frozen=True, slots=True)
class Draft:
    """A transfer of `amount_minor` between two balances, not yet posted.

    A side is the key of a balance (`bln_…`), or an `@indicator` that the General Ledger does
    not hold in this currency yet. Without `effective_at` it takes effect when it is posted.
    """

    source: str
    destination: str
    currency: str
    amount_minor: int
    reference: str
    description: str
    effective_at: datetime | None
    metadata: dict[str, Any]

    def balances(self) -> dict[str, Balance]:
        """The sides that exist, by key, with what names them."""
        ids = [parse_key(side, "bln") for side in (self.source, self.destination)]
        found = Balance.objects.filter(public_id__in=[each for each in ids if each])
        return {each.key: each for each in found.select_related("identity", "ledger", "currency")}

    def request(self) -> PostingRequest:
        """What the posting engine is asked for."""
        balances = self.balances()
        source, destination = (
            balances[side].pk if side in balances else Indicator(side, self.currency)
            for side in (self.source, self.destination)
        )
        return PostingRequest(
            reference=self.reference,
            legs=transfer(source=source, destination=destination, amount_minor=self.amount_minor),
            description=self.description,
            effective_at=self.effective_at,
            metadata=self.metadata,
        )


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A draft with the figures that it was shown with."""

    draft: Draft
    figures: Figures

    def seal(self, user: User) -> str:
        """As a token that only this person can send back."""
        draft = asdict(self.draft)
        draft["effective_at"] = self.draft.effective_at and self.draft.effective_at.isoformat()
        return Sealed(draft, self.figures).token(user, purpose=PURPOSE)

    @classmethod
    def unseal(cls, token: str, user: User) -> Self:
        """Read a token back.

        Raises:
            signing.BadSignature: it was not made for this person, or was changed.
        """
        sealed = Sealed.read(token, user, purpose=PURPOSE)
        draft = Draft(**sealed.content)
        if sealed.content["effective_at"]:
            moment = parse_datetime(sealed.content["effective_at"])
            draft = replace(draft, effective_at=moment)
        return cls(draft, sealed.figures)


def preview_draft(draft: Draft) -> Reviewed:
    """The draft with what it would do to its two balances; nothing is written.

    Raises:
        PostingError: it would be refused.
    """
    return Reviewed(draft, figures_of(preview(draft.request())))


def post_reviewed(reviewed: Reviewed, *, actor: User) -> tuple[Transaction, Outcome]:
    """Post what was shown; what is posted already is found, not posted again.

    Raises:
        FiguresChangedError: one of the balances holds another figure by now.
        PostingError: it was refused.
    """
    request = reviewed.draft.request()
    return carry_out(lambda: post(request, actor=actor), figures=reviewed.figures)
