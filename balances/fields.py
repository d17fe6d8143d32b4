"""What balances are filtered by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Q,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Lower, NullIf
from django.utils.translation import gettext_lazy as _

from balances.filters import find_by_key
from balances.models import Balance
from balances.naming import name_of
from identities.models import Identity
from ledgers.models import Ledger
from web.tables.fields import (
    AmountField,
    ChoiceField,
    DateField,
    Field,
    KeyField,
    NumberField,
    RecordField,
    TextField,
)
from web.tables.metadata_fields import MetadataField

PLAIN = DecimalField(max_digits=60, decimal_places=30)
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

Found = tuple[int, str] | None


def find_ledger(key: str) -> Found:
    """The ledger with this key, as a `RecordField` finds it: primary key and name."""
    ledger = find_by_key(Ledger, key, "ldg")
    return (ledger.pk, ledger.name) if ledger else None


def find_owner(key: str) -> Found:
    """The identity with this key, as a `RecordField` finds it."""
    owner = find_by_key(Identity, key, "idt")
    return (owner.pk, owner.name) if owner else None


def find_balance(key: str) -> Found:
    """The balance with this key, as a `RecordField` finds it, with its currency."""
    balance = find_by_key(Balance, key, "bln", "identity")
    return (balance.pk, f"{name_of(balance)}, {balance.currency_id}") if balance else None


def in_major(minor: Combinable, *, exponent: str = "currency__exponent") -> Combinable:
    """An amount in major units, to its last digit: a quotient would be rounded."""
    unit = Func(F(exponent), template="('1e-' || %(expressions)s)::numeric", output_field=PLAIN)
    return ExpressionWrapper(minor * unit, output_field=PLAIN)


def _on_normal_side(credit: str, debit: str) -> Combinable:
    is_debit = When(normal_side=Balance.NormalSide.DEBIT, then=F(debit) - F(credit))
    return Case(is_debit, default=F(credit) - F(debit))


# What a condition or an order may name beside the columns of the table.
COMPUTED: Mapping[str, Any] = {
    "balance_major": in_major(_on_normal_side("credit_minor", "debit_minor")),
    "credit_major": in_major(F("credit_minor")),
    "debit_major": in_major(F("debit_minor")),
    "inflight_major": in_major(_on_normal_side("inflight_credit_minor", "inflight_debit_minor")),
    "inflight_credit_major": in_major(F("inflight_credit_minor")),
    "inflight_debit_major": in_major(F("inflight_debit_minor")),
    "has_floor": Case(
        When(floor_minor=None, then=Value(0)), default=Value(1), output_field=IntegerField()
    ),
    "floor_major": Coalesce(in_major(F("floor_minor")), Value(Decimal(0), output_field=PLAIN)),
    "active_at": Coalesce("last_entry_at", Value(LONG_AGO)),
    "event_total": F("transaction_count") - F("follower_count"),
    "plain_title": Lower(
        Coalesce(NullIf("indicator", Value("")), "identity__name", Value("\uffff"))
    ),
}
STATES = (("open", _("Open")), ("closed", _("Closed")))
OF_STATE = {"open": Q(closed_at=None), "closed": Q(closed_at__isnull=False)}
WHOSE: Sequence[Field] = (
    RecordField(
        name="ledger",
        label=_("Ledger"),
        lookup="ledger_id",
        find=find_ledger,
        suggest_url_name="ledgers:suggest",
    ),
    TextField(name="currency", label=_("Currency"), lookup="currency__code"),
    RecordField(
        name="owner",
        label=_("Owner"),
        lookup="identity_id",
        find=find_owner,
        suggest_url_name="identities:suggest",
        can_be_empty=True,
    ),
    TextField(name="owner-name", label=_("Name of the owner"), lookup="identity__name"),
    TextField(name="indicator", label=_("Indicator"), can_be_empty=True),
)
OF_RECORD: Sequence[Field] = (
    ChoiceField(
        name="side",
        label=_("Normal side"),
        lookup="normal_side",
        choices=Balance.NormalSide.choices,
    ),
    DateField(name="created", label=_("Created"), lookup="created_at"),
    KeyField(name="id", label=_("Id"), lookup="public_id", prefix="bln"),
    MetadataField(name="metadata", label=_("Extra information")),
)
# Figures are of now: in the past only what does not change is asked for.
LASTING = (*WHOSE, *OF_RECORD)
FIELDS: Sequence[Field] = (
    *WHOSE,
    AmountField(name="balance", label=_("Balance"), lookup="balance_major"),
    AmountField(name="credits", label=_("Credits"), lookup="credit_major"),
    AmountField(name="debits", label=_("Debits"), lookup="debit_major"),
    AmountField(name="inflight", label=_("Inflight"), lookup="inflight_major"),
    AmountField(
        name="inflight-credits", label=_("Inflight credits"), lookup="inflight_credit_major"
    ),
    AmountField(name="inflight-debits", label=_("Inflight debits"), lookup="inflight_debit_major"),
    NumberField(name="transactions", label=_("Number of transactions"), lookup="event_total"),
    ChoiceField(name="state", label=_("State"), choices=STATES, conditions=OF_STATE),
    DateField(name="activity", label=_("Last activity"), lookup="last_entry_at", can_be_empty=True),
    *OF_RECORD,
)
