"""What entries are filtered by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy

from balances.fields import find_balance, find_ledger, find_owner
from balances.models import Balance
from ledgers.models import Currency
from transactions import entry_keys
from transactions.models import Entry, Transaction
from web.tables.fields import (
    AmountField,
    ChoiceField,
    DateField,
    Field,
    KeyField,
    RecordField,
    TextField,
)
from web.tables.metadata_fields import MetadataField
from web.tables.operators import Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyField(Field):
    """The code of a currency, small letters or not."""

    def read(self, text: str) -> str:
        return text.upper()

    def say_value(self, text: str) -> str:
        return text.upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAmountField(AmountField):
    """The amount of an entry in major units; compared in minor ones, of which there are counts."""

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        in_use = Exists(Balance.objects.filter(currency=OuterRef("pk")))
        exponents = {each.exponent for each in Currency.objects.filter(in_use)}
        passing = Q(pk=None)
        for exponent in exponents:
            amount = _in_minor(operator, [Fraction(value) * 10**exponent for value in values])
            if len(exponents) == 1:
                return amount
            passing |= Q(balance__currency__exponent=exponent) & amount
        return passing


def _in_minor(operator: Operator, minor: Sequence[Fraction]) -> Q:
    """The comparison with whole minor units."""
    low, high = minor[0], minor[-1]
    bounds = {
        Operator.GREATER: {"gt": floor(low)},
        Operator.LESS: {"lt": ceil(low)},
        Operator.AT_LEAST: {"gte": ceil(low)},
        Operator.AT_MOST: {"lte": floor(low)},
        Operator.BETWEEN: {"gte": ceil(low), "lte": floor(high)},
    }
    if operator in bounds:
        return Q(**{f"amount_minor__{name}": each for name, each in bounds[operator].items()})
    whole = [int(each) for each in minor if each.denominator == 1]
    is_one = Q(amount_minor__in=whole) if whole else Q(pk=None)
    return ~is_one if operator == Operator.IS_NOT else is_one


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryKeyField(KeyField):
    """The key of an entry (`ent_…`)."""

    def parse(self, text: str) -> int | None:
        return entry_keys.parse_entry_key(text)


FIELDS: Sequence[Field] = (
    TextField(name="reference", label=gettext_lazy("Reference"), lookup="transaction__reference"),
    TextField(
        name="description",
        label=gettext_lazy("Description"),
        lookup="transaction__description",
        can_be_empty=True,
    ),
    RecordField(
        name="balance",
        label=gettext_lazy("Balance"),
        lookup="balance_id",
        find=find_balance,
        suggest_url_name="balances:suggest",
    ),
    RecordField(
        name="ledger",
        label=gettext_lazy("Ledger"),
        lookup="ledger_id",
        find=find_ledger,
        suggest_url_name="ledgers:suggest",
    ),
    RecordField(
        name="owner",
        label=gettext_lazy("Owner"),
        lookup="balance__identity_id",
        find=find_owner,
        suggest_url_name="identities:suggest",
    ),
    ChoiceField(
        name="direction",
        label=gettext_lazy("Direction"),
        choices=[(each.name.lower(), each.label) for each in Entry.Direction],
        conditions={each.name.lower(): Q(direction=each) for each in Entry.Direction},
    ),
    EntryAmountField(name="amount", label=gettext_lazy("Amount")),
    CurrencyField(name="currency", label=gettext_lazy("Currency"), lookup="balance__currency_id"),
    ChoiceField(
        name="kind",
        label=gettext_lazy("Kind of transaction"),
        lookup="transaction__kind",
        choices=Transaction.Kind.choices,
    ),
    DateField(name="recorded", label=gettext_lazy("Recorded"), lookup="transaction__created_at"),
    KeyField(
        name="transaction",
        label=gettext_lazy("Id of the transaction"),
        lookup="transaction__public_id",
        prefix="txn",
    ),
    EntryKeyField(name="id", label=gettext_lazy("Id of the entry"), prefix=entry_keys.PREFIX),
    MetadataField(
        name="metadata",
        label=gettext_lazy("Extra information of the transaction"),
        lookup="transaction__metadata",
    ),
)


def entry_fields(effective: str) -> tuple[Field, ...]:
    """Those of entries whose effective date is found at `effective`."""
    effective_field = DateField(name="effective", label=gettext_lazy("Effective"), lookup=effective)
    return (effective_field, *FIELDS)
