"""Why a posting is refused: one class a reason, each with a message for the user."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class PostingError(Exception):
    """A posting was refused and nothing was written.

    `code` names the reason for programs; `balance_id` is the primary key of the
    balance at fault, where there is one. `str()` gives the message.
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[str | Promise] = _("This transaction cannot be posted.")

    def __init__(self, message: str | Promise = "", *, balance_id: int | None = None) -> None:
        super().__init__(message or self.message)
        self.balance_id = balance_id

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidRequestError(PostingError):
    """The request is not well formed; no state of the books could make it right."""

    code = "invalid"


class ReferenceUsedError(PostingError):
    code = "reference_used"
    message = _("This reference belongs to another transaction. Choose a new one.")


class UnknownBalanceError(PostingError):
    code = "unknown_balance"
    message = _("One of the balances does not exist.")


class ClosedBalanceError(PostingError):
    code = "closed_balance"
    message = _("One of the balances is closed.")


class SameBalanceError(PostingError):
    code = "same_balance"
    message = _("Source and destination are the same balance. Choose two different ones.")


class UnbalancedTransactionError(PostingError):
    code = "unbalanced"
    message = _("Debits and credits must be equal in each currency.")


class FutureDateError(PostingError):
    code = "in_future"
    message = _("The effective date lies in the future.")


class InsufficientFundsError(PostingError):
    code = "insufficient_funds"
    message = _("A balance would fall below the lowest figure it allows.")


class AmountTooLargeError(PostingError):
    code = "too_large"
    message = _("A total would grow beyond 38 digits.")


class SeveralCurrenciesError(PostingError):
    code = "several_currencies"
    message = _("A hold has one currency.")


class UnknownTransactionError(PostingError):
    code = "unknown_transaction"
    message = _("This transaction does not exist.")


class NotAHoldError(PostingError):
    code = "not_a_hold"
    message = _("This transaction is not a hold: there is nothing to commit or void.")


class HoldEndedError(PostingError):
    code = "hold_ended"
    message = _("Nothing is left of this hold.")


class HoldExpiredError(PostingError):
    code = "hold_expired"
    message = _("The time of this hold is over.")


class HoldNotExpiredError(PostingError):
    code = "hold_not_expired"
    message = _("The time of this hold is not over yet.")


class BeyondHoldError(PostingError):
    code = "beyond_hold"
    message = _("This is not what is left of the hold.")


class NotReversibleError(PostingError):
    code = "not_reversible"
    message = _("Only what was posted can be reversed, and a reversal cannot.")


class NotRefundableError(PostingError):
    code = "not_refundable"
    message = _("Only postings and commits can be refunded.")


class ReversedError(PostingError):
    code = "reversed"
    message = _("This transaction is reversed already.")


class RefundedError(PostingError):
    code = "refunded"
    message = _("This transaction is refunded already. Reverse the refunds first.")


class BeyondOriginalError(PostingError):
    code = "beyond_original"
    message = _("Refunds cannot exceed the original; between currencies all of it is refunded.")


class BusyError(PostingError):
    """Another posting held a balance for longer than the lock timeout; trying again is safe."""

    code = "busy"
    message = _("Another posting is using one of these balances. Try again.")


REFUSALS: dict[str, type[PostingError]] = {
    error.code: error
    for error in (
        ReferenceUsedError,
        UnknownBalanceError,
        ClosedBalanceError,
        SameBalanceError,
        UnbalancedTransactionError,
        FutureDateError,
        AmountTooLargeError,
        InsufficientFundsError,
        SeveralCurrenciesError,
        UnknownTransactionError,
        NotAHoldError,
        HoldEndedError,
        HoldExpiredError,
        HoldNotExpiredError,
        BeyondHoldError,
        NotReversibleError,
        NotRefundableError,
        ReversedError,
        RefundedError,
        BeyondOriginalError,
    )
}
