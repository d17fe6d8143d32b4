"""What entries are sorted by beside what they hold themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Left, Lower, NullIf

from balances.fields import PLAIN, in_major
from balances.models import Balance
from transactions.models import Entry

# So many letters of a text are compared; the cursors of pages hold them.
LETTERS_MAX = 80


def _major(minor: Combinable) -> Combinable:
    return in_major(minor, exponent="balance__currency__exponent")


def _on_side(direction: Entry.Direction) -> Combinable:
    """Nothing for an entry of the other side."""
    amount = When(direction=direction, then=F("amount_minor"))
    return _major(Case(amount, default=Value(0), output_field=PLAIN))


SORTED_BY: Mapping[str, Any] = {
    "told": Left("transaction__description", LETTERS_MAX),
    "balance_title": Left(
        Lower(
            Coalesce(
                NullIf("balance__indicator", Value("")), "balance__identity__name", Value("\uffff")
            )
        ),
        LETTERS_MAX,
    ),
    "debit_major": _on_side(Entry.Direction.DEBIT),
    "credit_major": _on_side(Entry.Direction.CREDIT),
    "running_major": _major(
        Case(
            When(balance__normal_side=Balance.NormalSide.DEBIT, then=-F("running_minor")),
            default=F("running_minor"),
            output_field=PLAIN,
        )
    ),
}
