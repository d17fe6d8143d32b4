"""What transactions are filtered by: fields of the table whose conditions fit `FoundTransaction`.

What a document holds is compared there. What changes, or who takes part, is asked of the live
tables, by subqueries from which the database can begin when they are small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.lookups import DataContains
from django.db.models import CharField, F, Func, Q, Value
from django.db.models import TextField as TextColumn
from django.db.models.functions import Lower
from django.db.models.lookups import Contains
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.fields import find_balance, find_ledger, find_owner
from ledgers.models import Currency
from search import conditions
from search.conditions import IS_OPEN, follows, hold_is, owner_takes_part, takes_part
from search.figures import FIGURES, has_long_number, lead_of
from transactions.models import Entry, Transaction
from transactions.states import (
    COMMITTED,
    EXPIRED,
    INFLIGHT,
    PARTLY_COMMITTED,
    PARTLY_REFUNDED,
    POSTED,
    REFUNDED,
    REVERSED,
    VOIDED,
)
from users.models import User
from web.statements import fetch_one
from web.tables.fields import (
    AmountField,
    ChoiceField,
    DateField,
    Field,
    FilterError,
    KeyField,
    RecordField,
    TextField,
)
from web.tables.metadata_fields import MetadataField
from web.tables.operators import COMPARISONS, EMPTINESS, EQUALITIES, Operator

Label = Any
KNOWN = "SELECT code FROM ledgers_currency WHERE code = %s"

STATUSES: dict[str, tuple[Label, Q]] = {
    "posted": (POSTED.word, Q(kind__in=conditions.IN_THE_BOOKS)),
    "inflight": (INFLIGHT.word, hold_is(f"{IS_OPEN} AND h.committed_minor = 0")),
    "partly-committed": (PARTLY_COMMITTED.word, hold_is(f"{IS_OPEN} AND h.committed_minor > 0")),
    "committed": (COMMITTED.word, hold_is(f"NOT ({IS_OPEN}) AND h.ended_as = ''")),
    "voided": (VOIDED.word, conditions.has_ended("VOID")),
    "expired": (EXPIRED.word, conditions.has_ended("EXPIRY")),
    "reversed": (REVERSED.word, conditions.is_reversed),
    "refunded": (REFUNDED.word, conditions.is_refunded & conditions.is_whole),
    "partly-refunded": (PARTLY_REFUNDED.word, conditions.is_refunded & ~conditions.is_whole),
}
KINDS: dict[str, tuple[Label, Q]] = {
    kind.value: (
        kind.label,
        Q(kind="POST") if kind == "POST" else hold_is("true") if kind == "HOLD" else follows(kind),
    )
    for kind in Transaction.Kind
}
FOLLOWERS: dict[str, tuple[Label, Q]] = {
    "yes": (gettext_lazy("yes"), conditions.is_followed),
    "no": (gettext_lazy("no"), ~conditions.is_followed),
}


class _Contains(Contains):
    """Case aside, as `text` is without it; the server lowers what is looked for, too."""

    def __init__(self, lhs: Any, text: str) -> None:
        super().__init__(lhs, Lower(Value(text, output_field=CharField())))


def text_contains(text: str) -> Q:
    """Reference or description hold `text`, which an index finds by its numbers, if it has any."""
    if has_long_number(text):
        found = Q(DataContains(_figures(F("text")), _figures(Value(text))))
    elif (lead := lead_of(text)) != text:
        found = Q(_Contains(F("text"), lead))
    else:
        return Q(_Contains(F("text"), text))
    return found & Q(_Contains(_part("%(expressions)s || ''"), text))


def _figures(text: Any) -> Func:
    return Func(text, function=FIGURES, output_field=ArrayField(TextColumn()))


def _part(expression: str) -> Func:
    return Func(F("text"), template=expression, output_field=CharField())


@dataclass(frozen=True, slots=True, kw_only=True)
class PartField(TextField):
    """The reference or the description; `part` takes it from the text of the document."""

    part: str

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        if operator == Operator.CONTAINS:
            # The first finds them by the index, the second says where in the text.
            return text_contains(values[0]) & Q(_Contains(_part(self.part), values[0]))
        return TextField.condition(self, operator, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyTextField(TextField):
    """Reference and description at once."""

    kinds: ClassVar[tuple[Operator, ...]] = (Operator.CONTAINS,)

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        return text_contains(values[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyField(ChoiceField):
    """Any currency there is."""

    def options(self) -> Sequence[tuple[str, Label]]:
        codes = Currency.objects.order_by("code").values_list("code", flat=True)
        return [(code, code) for code in codes]

    def read(self, text: str) -> str:
        code = text.upper()
        if fetch_one(KNOWN, [code]) is None:
            told = _("%(field)s is never “%(value)s”.")
            raise FilterError(told % {"field": self.label, "value": text})
        return code

    def say_value(self, text: str) -> str:
        return text.upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyField(RecordField):
    """A balance or ledger that takes part: by `column`, and on the side `direction`, if any."""

    column: str
    direction: Entry.Direction | None = None

    kinds: ClassVar[tuple[Operator, ...]] = EQUALITIES

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        parts = takes_part(self.column, list(values), self.direction)
        return ~parts if operator == Operator.IS_NOT else parts


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerField(RecordField):
    """An identity of which a balance takes part."""

    kinds: ClassVar[tuple[Operator, ...]] = EQUALITIES

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        parts = owner_takes_part(values)
        return ~parts if operator == Operator.IS_NOT else parts


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonField(RecordField):
    """Who recorded it, by the name they sign in with."""

    def is_empty(self) -> Q:
        return Q(actor__isnull=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchField(Field):
    """The id of a batch."""

    def read(self, text: str) -> UUID:
        try:
            return UUID(text)
        except ValueError as error:
            told = _("%(field)s: there is no record %(value)s.")
            raise FilterError(told % {"field": self.label, "value": text}) from error

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        if operator in EMPTINESS:
            return Q(transaction__batch_id__isnull=operator == Operator.EMPTY)
        is_one = Q(transaction__batch_id__in=values)
        return ~is_one if operator == Operator.IS_NOT else is_one


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationField(MetadataField):
    """Extra information; an index knows which documents have a key at all."""

    def named(self, name: str) -> Field | None:
        found = MetadataField.named(self, name)
        if not isinstance(found, MetadataField):
            return None
        return InformationField(
            name=found.name, label=found.label, lookup=found.lookup, keys=found.keys
        )

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        condition = MetadataField.condition(self, operator, values)
        if operator in (Operator.CONTAINS, Operator.HAS_KEY, Operator.NOT_EMPTY, *COMPARISONS):
            return Q(metadata__has_key=self.keys[0]) & condition
        return condition


def _find_transactions(public_ids: Sequence[UUID]) -> list[int]:
    found = Transaction.objects.filter(public_id__in=public_ids)
    return list(found.values_list("pk", flat=True))


def _find_person(name: str) -> tuple[int, str] | None:
    person = User.objects.filter(username=name).first()
    return (person.pk, person.get_username()) if person else None


def _balance_field(name: str, label: Label, direction: Entry.Direction | None = None) -> PartyField:
    return PartyField(
        name=name,
        label=label,
        find=find_balance,
        suggest_url_name="balances:suggest",
        column="balance_id",
        direction=direction,
    )


def _choice(name: str, label: Label, choices: Mapping[str, tuple[Label, Q]]) -> ChoiceField:
    return ChoiceField(
        name=name,
        label=label,
        choices=[(value, word) for value, (word, _q) in choices.items()],
        conditions={value: q for value, (_word, q) in choices.items()},
    )


FIELDS: Sequence[Field] = (
    DateField(name="effective", label=gettext_lazy("Effective"), lookup="effective_at"),
    PartField(
        name="reference",
        label=gettext_lazy("Reference"),
        lookup="transaction__reference",
        part="split_part(%(expressions)s, E'\\n', 1)",
    ),
    PartField(
        name="description",
        label=gettext_lazy("Description"),
        lookup="transaction__description",
        can_be_empty=True,
        part="substr(%(expressions)s, strpos(%(expressions)s, E'\\n') + 1)",
    ),
    AnyTextField(name="text", label=gettext_lazy("Reference or description")),
    AmountField(name="amount", label=gettext_lazy("Amount")),
    CurrencyField(name="currency", label=gettext_lazy("Currency")),
    _choice("status", gettext_lazy("Status"), STATUSES),
    _choice("kind", gettext_lazy("Kind"), KINDS),
    _balance_field("from", gettext_lazy("From"), Entry.Direction.DEBIT),
    _balance_field("to", gettext_lazy("To"), Entry.Direction.CREDIT),
    _balance_field("balance", gettext_lazy("Balance")),
    PartyField(
        name="ledger",
        label=gettext_lazy("Ledger"),
        find=find_ledger,
        suggest_url_name="ledgers:suggest",
        column="ledger_id",
    ),
    OwnerField(
        name="owner",
        label=gettext_lazy("Owner"),
        find=find_owner,
        suggest_url_name="identities:suggest",
    ),
    DateField(name="created", label=gettext_lazy("Recorded"), lookup="created_at"),
    PersonField(
        name="created_by",
        label=gettext_lazy("Recorded by"),
        lookup="actor_id",
        can_be_empty=True,
        find=_find_person,
    ),
    BatchField(name="batch", label=gettext_lazy("Batch"), can_be_empty=True),
    _choice("followers", gettext_lazy("Has followers"), FOLLOWERS),
    KeyField(
        name="id",
        label=gettext_lazy("Id"),
        lookup="transaction_id",
        prefix="txn",
        find=_find_transactions,
    ),
    InformationField(name="metadata", label=gettext_lazy("Extra information")),
)
