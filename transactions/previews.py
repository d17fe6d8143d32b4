"""What a verb of posting would do to the balances it touches: done, and taken back."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction as db_transaction

from balances.models import Balance
from transactions.models import Entry, Reservation, Transaction
from transactions.posting import post
from transactions.requests import BalanceChange, Following, PostingRequest, Result


def preview(
    request: PostingRequest | Following, *, by: Callable[..., Result] = post
) -> list[BalanceChange]:
    """What the verb `by` would do with `request`: each balance touched, before and after.

    A request that is already carried out shows the change it made then.

    Raises: as the verb.
    """
    with db_transaction.atomic():
        result = by(request)
        assert result.transaction_id is not None
        changes = read_changes(result.transaction_id)
        db_transaction.set_rollback(True)
    return changes


def read_changes(*transaction_ids: int) -> list[BalanceChange]:
    """What transactions just written did to their balances together, in the order of their lines.

    Nothing else may have moved these balances since the first of them.
    """
    entries = list(Entry.objects.filter(transaction_id__in=transaction_ids).order_by("pk"))
    lines = list(Reservation.objects.filter(transaction_id__in=transaction_ids).order_by("pk"))
    pks = dict.fromkeys([each.balance_id for each in entries] + [each.balance_id for each in lines])
    balances = Balance.objects.in_bulk(pks) if lines else {}
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    held: dict[int, int] = {}
    for entry in entries:
        moved_minor = entry.direction * entry.amount_minor
        before.setdefault(entry.balance_id, int(entry.running_minor - moved_minor))
        after[entry.balance_id] = int(entry.running_minor)
    for line in lines:
        sign = 1 if line.kind == Transaction.Kind.HOLD else -1
        moved_minor = int(sign * line.direction * line.amount_minor)
        held[line.balance_id] = held.get(line.balance_id, 0) + moved_minor
    changes = []
    for pk in pks:
        unmoved = 0 if pk in after else balances[pk].balance_minor
        inflight = balances[pk].inflight_minor if pk in held else 0
        changes.append(
            BalanceChange(
                pk,
                before.get(pk, unmoved),
                after.get(pk, unmoved),
                inflight - held.get(pk, 0),
                inflight,
            )
        )
    return changes
