"""What is about to be done with a transaction: reviewed, sealed, done as it was shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from balances.models import Balance
from transactions.lifecycle import commit, refund, reverse, void
from transactions.models import Transaction
from transactions.previews import preview
from transactions.requests import UNLIMITED, BalanceChange, Following, Outcome, Result
from transactions.sealing import Sealed, carry_out, figures_of
from transactions.standing import Action

if TYPE_CHECKING:
    from users.models import User

VERBS: dict[Action, Callable[..., Result]] = {
    Action.COMMIT: commit,
    Action.VOID: void,
    Action.REVERSE: reverse,
    Action.REFUND: refund,
}


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with a transaction, as it was entered; all that is left without `amount_minor`.

    `reading` says how a sum was read, `sent` is the form as it came, to be filled in again.
    """

    reference: str
    description: str = ""
    amount_minor: int | None = None
    effective_at: datetime | None = None
    is_overdraft_allowed: bool = False
    reading: str = ""
    sent: str = ""

    def request(self, transaction: Transaction) -> Following:
        """What the posting engine is asked for."""
        return Following(
            transaction.pk,
            reference=self.reference,
            amount_minor=self.amount_minor,
            description=self.description,
            effective_at=self.effective_at,
            overdraft_minor=UNLIMITED if self.is_overdraft_allowed else None,
        )


@dataclass(frozen=True, slots=True)
class ReviewedStep:
    """A step and the figures it was shown with."""

    step: Step
    changes: Sequence[BalanceChange]

    def seal(self, action: Action, transaction: Transaction, user: User) -> str:
        """As a token that only this person can send back, for this transaction and action."""
        content = asdict(self.step)
        content["effective_at"] = self.step.effective_at and self.step.effective_at.isoformat()
        sealed = Sealed(content, figures_of(self.changes))
        return sealed.token(user, purpose=_purpose(action, transaction))


@dataclass(frozen=True, slots=True)
class SealedStep:
    """A step that comes back from its review."""

    step: Step
    sealed: Sealed

    @classmethod
    def read(cls, token: str, action: Action, transaction: Transaction, user: User) -> Self:
        """Read a token back.

        Raises:
            signing.BadSignature: it was not made for this, or was changed.
        """
        sealed = Sealed.read(token, user, purpose=_purpose(action, transaction))
        step = Step(**sealed.content)
        if moment := sealed.content["effective_at"]:
            step = replace(step, effective_at=datetime.fromisoformat(moment))
        return cls(step, sealed)


def review_step(step: Step, action: Action, transaction: Transaction) -> ReviewedStep:
    """The step with what it would do to each balance; nothing is written.

    Raises:
        PostingError: it would be refused.
    """
    return ReviewedStep(step, preview(step.request(transaction), by=VERBS[action]))


def take_step(
    sealed: SealedStep, action: Action, transaction: Transaction, *, actor: User
) -> tuple[Transaction, Outcome]:
    """Do what was reviewed; what is done already is found, not done again.

    Raises:
        FiguresChangedError: one of the balances holds another figure by now.
        PostingError: it was refused.
    """
    request = sealed.step.request(transaction)
    return carry_out(lambda: VERBS[action](request, actor=actor), figures=sealed.sealed.figures)


def find_shortage(
    balance_id: int, step: Step, action: Action, transaction: Transaction
) -> tuple[Balance, int]:
    """The balance that lacks the funds for a step, and its credits less debits that would move."""
    allowed = replace(step, is_overdraft_allowed=True)
    changes = review_step(allowed, action, transaction).changes
    (change,) = (each for each in changes if each.balance_id == balance_id)
    balance = Balance.objects.select_related("identity", "currency").get(pk=balance_id)
    return balance, change.after_minor - change.before_minor


def _purpose(action: Action, transaction: Transaction) -> str:
    return f"{action}:{transaction.pk}"
