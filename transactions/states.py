"""What has become of a transaction: a shape, a word, and what the word means."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from transactions.models import HoldState, Transaction


@dataclass(frozen=True, slots=True)
class State:
    """`shape` is the class that draws it, and names it on the legend: `#state-posted`."""

    shape: str
    word: str | Promise
    meaning: str | Promise

    def tag(self, legend_url: str = "") -> SafeString:
        """Shape and word; the meaning shows on hover and focus, and the legend has them all."""
        return SafeString(  # every text went through escape()
            f'<a class="state {self.shape}" href="{escape(legend_url)}#state-{self.shape}"'
            f' aria-description="{escape(str(self.meaning))}">{escape(str(self.word))}</a>'
        )


POSTED = State("posted", _("Posted"), _("Its entries are in the balances."))
REVERSED = State("reversed", _("Reversed"), _("It was posted, and a reversal took all of it back."))
REFUNDED = State("refunded", _("Refunded"), _("It was posted, and all of it was given back."))
PARTLY_REFUNDED = State(
    "partly-refunded", _("Partly refunded"), _("It was posted, and a part of it was given back.")
)
INFLIGHT = State(
    "inflight", _("Inflight"), _("Held: it is reserved, and in no balance until it is committed.")
)
PARTLY_COMMITTED = State(
    "partly", _("Partly committed"), _("A part of the hold was posted; the rest is still reserved.")
)
COMMITTED = State("committed", _("Committed"), _("All of the hold was posted."))
VOIDED = State(
    "voided", _("Voided"), _("What was left of the hold was released, and will never be posted.")
)
EXPIRED = State(
    "expired", _("Expired"), _("The time of the hold ran out, and what was left was released.")
)
SCHEDULED = State(
    "scheduled", _("Scheduled"), _("It will be posted at its time, and is not in the books yet.")
)
REJECTED = State(
    "refused", _("Rejected"), _("It was due and could not be posted; its page says why.")
)
CANCELLED = State(
    "cancelled", _("Cancelled"), _("It was cancelled before its time, and will never be posted.")
)
LEGEND = (
    POSTED,
    REVERSED,
    REFUNDED,
    PARTLY_REFUNDED,
    INFLIGHT,
    PARTLY_COMMITTED,
    COMMITTED,
    VOIDED,
    EXPIRED,
    SCHEDULED,
    REJECTED,
    CANCELLED,
)

OF_HOLD: dict[str, State] = {
    HoldState.INFLIGHT: INFLIGHT,
    HoldState.PARTLY_COMMITTED: PARTLY_COMMITTED,
    HoldState.COMMITTED: COMMITTED,
    HoldState.VOIDED: VOIDED,
    HoldState.EXPIRED: EXPIRED,
}
AS_WRITTEN: dict[str, State] = {
    Transaction.Status.POSTED: POSTED,
    Transaction.Status.INFLIGHT: INFLIGHT,
    Transaction.Status.VOIDED: VOIDED,
    Transaction.Status.EXPIRED: EXPIRED,
}
