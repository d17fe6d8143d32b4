"""What others have done to the rows of the transactions table since it was read.

Nothing that changes a transaction or a schedule changes a row alone: a commit or a reversal is a
transaction of its own, and each decision about a schedule has its audit event.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from audit.models import AuditEvent
from transactions.filters import HEADS
from transactions.models import Transaction
from web.converters import parse_key
from web.marks import SPAN, Mark

FOLLOWED_MAX = 1_000


def followed_since(since: Mark, *, of_holds: bool) -> set[int]:
    """The transactions that others have followed since, and what these follow themselves.

    With `of_holds` only what commits, voids or expires is looked at.
    """
    ends = (Transaction.Kind.COMMIT, Transaction.Kind.VOID, Transaction.Kind.EXPIRY)
    kinds = Q(kind__in=ends) if of_holds else ~Q(kind__in=HEADS)
    followers = Transaction.objects.filter(since.added_since("id"), kinds).order_by("-id")
    pairs = followers.values_list("parent_id", "reverses_id")[:FOLLOWED_MAX]
    followed = {pk for pair in pairs for pk in pair if pk is not None}
    if not followed:
        return followed
    # A commit that is refunded shows with its hold.
    above = Transaction.objects.filter(pk__in=followed, parent__isnull=False)
    return followed | {pk for pk in above.values_list("parent_id", flat=True) if pk is not None}


def schedules_since(since: Mark, *actions: str) -> set[UUID]:
    """The public ids of the schedules that these audit events have told of since."""
    events = AuditEvent.objects.filter(since.added_since("id"), action__in=actions)
    subjects = events.values_list("subject", flat=True)[:SPAN]
    return {key for subject in subjects if (key := parse_key(subject, "sch"))}
