"""A transfer on its way from the form to the books: checked, shown, sealed, posted.

What is posted is what was shown. The review carries its content and its figures in a signed
token; posting compares the figures inside its own database transaction, and takes everything
back when one of them has changed meanwhile.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast

from django.core import signing
from django.db import transaction as db_transaction
from django.utils.dateparse import parse_datetime

from balances.models import Balance
from transactions.models import Entry, Transaction
from transactions.posting import post
from transactions.requests import Indicator, Outcome, PostingRequest, Result, transfer
from web.converters import parse_key

if TYPE_CHECKING:
    from users.models import User

# What a balance held before and after: credits less debits, for the source and the destination.
Figures = tuple[tuple[int, int], tuple[int, int]]


class FiguresChangedError(Exception):
    """A figure that was shown is no longer the one in the books; nothing was posted."""


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
        return signing.dumps([draft, self.figures], salt=_salt(user), compress=True)

    @classmethod
    def unseal(cls, token: str, user: User) -> Self:
        """Read a token back.

        Raises:
            signing.BadSignature: it was not made for this person, or was changed.
        """
        fields, figures = signing.loads(token, salt=_salt(user))
        draft = Draft(**fields)
        if fields["effective_at"]:
            draft = replace(draft, effective_at=parse_datetime(fields["effective_at"]))
        (source, destination) = (tuple(pair) for pair in figures)
        return cls(draft, (source, destination))


def preview_draft(draft: Draft) -> Reviewed:
    """The draft with what it would do to its two balances; nothing is written.

    Raises:
        PostingError: it would be refused.
    """
    with db_transaction.atomic():
        figures = _figures(post(draft.request()))
        db_transaction.set_rollback(True)
    return Reviewed(draft, figures)


def post_reviewed(reviewed: Reviewed, *, actor: User) -> tuple[Transaction, Outcome]:
    """Post what was shown; what is posted already is found, not posted again.

    Raises:
        FiguresChangedError: one of the balances holds another figure by now.
        PostingError: it was refused.
    """
    with db_transaction.atomic():
        result = post(reviewed.draft.request(), actor=actor)
        if result.outcome == Outcome.POSTED and (_figures(result) != reviewed.figures):
            raise FiguresChangedError
    return Transaction.objects.get(pk=cast(int, result.transaction_id)), result.outcome


def _figures(result: Result) -> Figures:
    entries = Entry.objects.filter(transaction_id=cast(int, result.transaction_id))
    source, destination = (
        (int(running - direction * amount), int(running))
        for direction, amount, running in entries.order_by("direction").values_list(
            "direction", "amount_minor", "running_minor"
        )
    )
    return source, destination


def _salt(user: User) -> str:
    return f"transactions.review:{user.pk}"
