"""What was reviewed is what is done: its figures travel in a signed token, and are compared.

A review shows what a verb of posting would do (`foresee`), and seals the request with the
figures for the person who reads it. `carry_out` does it, compares its figures with those inside
its own database transaction, and takes everything back when one has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from django.core import signing
from django.db import transaction as db_transaction

from transactions.models import Transaction
from transactions.previews import read_changes
from transactions.requests import BalanceChange, Outcome, Result

if TYPE_CHECKING:
    from users.models import User

# Balance and inflight figure before and after, of each balance in order. The content of the
# request says which balances these are, but for those it opens.
Figures = tuple[tuple[int, int, int, int], ...]


class FiguresChangedError(Exception):
    """A figure that was shown is no longer the one in the books; nothing was done."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The content of a request, as JSON can hold it, and the figures it was shown with."""

    content: Any
    figures: Figures

    def token(self, user: User, *, purpose: str) -> str:
        """As text that only this person can send back, and for this purpose only."""
        return signing.dumps([self.content, self.figures], salt=_salt(user, purpose), compress=True)

    @classmethod
    def read(cls, token: str, user: User, *, purpose: str) -> Self:
        """Read a token back.

        Raises:
            signing.BadSignature: it was made for another person or purpose, or was changed.
        """
        content, figures = signing.loads(token, salt=_salt(user, purpose))
        return cls(content, tuple((a, b, c, d) for a, b, c, d in figures))


def figures_of(changes: Sequence[BalanceChange]) -> Figures:
    """What a review shows of the changes, to be compared."""
    return tuple(
        (
            change.before_minor,
            change.after_minor,
            change.inflight_before_minor,
            change.inflight_after_minor,
        )
        for change in changes
    )


def carry_out(do: Callable[[], Result], *, figures: Figures) -> tuple[Transaction, Outcome]:
    """Do what was shown with `figures`; what is done already is found, not done again.

    Raises:
        FiguresChangedError: one of the balances holds another figure by now.
        PostingError: it was refused.
    """
    with db_transaction.atomic():
        result = do()
        assert result.transaction_id is not None
        is_new = result.outcome == Outcome.POSTED
        if is_new and figures_of(read_changes(result.transaction_id)) != figures:
            raise FiguresChangedError
        return Transaction.objects.get(pk=result.transaction_id), result.outcome


def _salt(user: User, purpose: str) -> str:
    return f"transactions.review:{user.pk}:{purpose}"
