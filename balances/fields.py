"""What balances are filtered by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    ExpressionWrapper,
    F,
    Func,
    Q,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Lower, NullIf
from django.utils.translation import gettext_lazy as _

from balances.models import Balance
from identities.models import Identity
from ledgers.models import Ledger
from web.converters import parse_key
from web.tables.fields import (
    ChoiceField,
    DateField,
    Field,
    KeyField,
    MetadataField,
    NumberField,
    RecordField,
    TextField,
)

PLAIN = DecimalField(max_digits=60, decimal_places=30)


def find_named(
    model: type[Ledger | Identity], prefix: str
) -> Callable[[str], tuple[int, str] | None]:
    """How a `RecordField` finds records of a model by their keys, with their names."""

    def find(key: str) -> tuple[int, str] | None:
        public_id = parse_key(key, prefix)
        found = public_id and model._default_manager.filter(public_id=public_id).first()
        return (found.pk, found.name) if found else None

    return find


def _major(minor: Combinable) -> Combinable:
    """An amount in major units; exact, since it is only divided by a power of ten."""
    power = Func(Value(10), F("currency__exponent"), function="power", output_field=PLAIN)
    return ExpressionWrapper(minor / power, output_field=PLAIN)


def _on_normal_side(credit: str, debit: str) -> Combinable:
    is_debit = When(normal_side=Balance.NormalSide.DEBIT, then=F(debit) - F(credit))
    return Case(is_debit, default=F(credit) - F(debit))


# What a condition or an order may name beside the columns of the table.
COMPUTED: Mapping[str, Any] = {
    "balance_major": _major(_on_normal_side("credit_minor", "debit_minor")),
    "credit_major": _major(F("credit_minor")),
    "debit_major": _major(F("debit_minor")),
    "inflight_major": _major(_on_normal_side("inflight_credit_minor", "inflight_debit_minor")),
    "inflight_credit_major": _major(F("inflight_credit_minor")),
    "inflight_debit_major": _major(F("inflight_debit_minor")),
    "event_total": F("transaction_count") - F("follower_count"),
    "plain_title": Lower(
        Coalesce(NullIf("indicator", Value("")), "identity__name", Value("\uffff"))
    ),
}
STATES = (("open", _("Open")), ("closed", _("Closed")))
OF_STATE = {"open": Q(closed_at=None), "closed": Q(closed_at__isnull=False)}
# They are of now: in the past only what does not change is asked for.
LASTING: Sequence[Field] = (
    RecordField(
        name="ledger",
        label=_("Ledger"),
        lookup="ledger_id",
        find=find_named(Ledger, "ldg"),
        suggest_url_name="ledgers:suggest",
    ),
    TextField(name="currency", label=_("Currency"), lookup="currency__code"),
    RecordField(
        name="owner",
        label=_("Owner"),
        lookup="identity_id",
        find=find_named(Identity, "idt"),
        suggest_url_name="identities:suggest",
        can_be_empty=True,
    ),
    TextField(name="owner-name", label=_("Name of the owner"), lookup="identity__name"),
    TextField(name="indicator", label=_("Indicator"), can_be_empty=True),
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
FIELDS: Sequence[Field] = (
    *LASTING[:5],
    NumberField(name="balance", label=_("Balance"), lookup="balance_major"),
    NumberField(name="credits", label=_("Credits"), lookup="credit_major"),
    NumberField(name="debits", label=_("Debits"), lookup="debit_major"),
    NumberField(name="inflight", label=_("Inflight"), lookup="inflight_major"),
    NumberField(
        name="inflight-credits", label=_("Inflight credits"), lookup="inflight_credit_major"
    ),
    NumberField(name="inflight-debits", label=_("Inflight debits"), lookup="inflight_debit_major"),
    NumberField(name="transactions", label=_("Number of transactions"), lookup="event_total"),
    ChoiceField(name="state", label=_("State"), choices=STATES, conditions=OF_STATE),
    DateField(name="activity", label=_("Last activity"), lookup="last_entry_at", can_be_empty=True),
    *LASTING[5:],
)
