"""The kinds of fields that a table can be filtered by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from web.converters import parse_key
from web.formatting import (
    format_date,
    format_decimals,
    format_number,
    show_number,
    sign_in_doubt,
)
from web.tables.operators import (
    COMPARISONS,
    EMPTINESS,
    EQUALITIES,
    LABELS,
    LABELS_OF_DATES,
    LOOKUPS,
    WITHOUT_VALUE,
    Operator,
)
from web.tables.periods import WORDS, Period, read_period

Label = str | Promise
VALUES_MAX = 100
VALUE_LENGTH_MAX = 200
# Groups of three or none, so that "1,25" is not read as 125.
NUMBER = re.compile(r"[-\u2212]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?", re.ASCII)
DIGITS_MAX = 38
# Between numbers that are listed, as a comma may stand in each.
NUMBERS_JOINER = "; "


class FilterError(ValueError):
    """The condition means nothing; the message says why, to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What rows are filtered by: `name` in addresses, `lookup` the path in the queryset.

    `can_be_empty` offers to ask for rows that have none.
    """

    name: str
    label: Label
    lookup: str = ""
    can_be_empty: bool = False

    kinds: ClassVar[tuple[Operator, ...]] = EQUALITIES
    # Its numbers are said with so many decimals, or more.
    places: ClassVar[int] = 0
    # Which control the panel shows: "text", "number", "date", "choice", "record".
    control: ClassVar[str] = "text"
    labels: ClassVar[Mapping[Operator, Label]] = LABELS

    @property
    def operators(self) -> tuple[Operator, ...]:
        return (*self.kinds, *EMPTINESS) if self.can_be_empty else self.kinds

    @property
    def path(self) -> str:
        return self.lookup or self.name

    def named(self, name: str) -> Field | None:
        """This field, if that is its name."""
        return self if name == self.name else None

    def options(self) -> Sequence[tuple[str, Label]]:
        """What can be chosen, or what is offered; empty where anything can be typed."""
        return ()

    def compile(self, operator: Operator, values: Sequence[str]) -> Q:
        """The condition on the queryset.

        Raises:
            FilterError: the operator does not fit the field, or a value is none of its values.
        """
        self._check(operator, values)
        read = [self.read(value) for value in values]
        if operator == Operator.BETWEEN and self.is_backward(*read):
            told = _("%(field)s: the second value comes before the first.")
            raise FilterError(told % {"field": self.label})
        return self.condition(operator, read)

    def read(self, text: str) -> Any:
        """The value that `text` stands for.

        Raises:
            FilterError: for none.
        """
        return text

    def is_backward(self, low: Any, high: Any) -> bool:
        """Whether nothing can be between the two."""
        return bool(high < low)

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        """As a condition on `path`."""
        if operator in EMPTINESS:
            return self.is_empty() if operator == Operator.EMPTY else ~self.is_empty()
        if operator == Operator.ONE_OF:
            return Q(**{f"{self.path}__in": values})
        if operator == Operator.BETWEEN:
            low, high = values
            return Q(**{f"{self.path}__gte": low, f"{self.path}__lte": high})
        if operator == Operator.CONTAINS:
            return Q(**{f"{self.path}__icontains": values[0]})
        if operator in LOOKUPS:
            return Q(**{f"{self.path}__{LOOKUPS[operator]}": values[0]})
        is_equal = Q(**{self.path: values[0]})
        return ~is_equal if operator == Operator.IS_NOT else is_equal

    def is_empty(self) -> Q:
        return Q(**{f"{self.path}__isnull": True})

    def say(self, operator: Operator, values: Sequence[str]) -> str:
        """The condition in words, for its chip: "Name contains “ann”"."""
        words = f"{self.label} {self.labels[operator]}"
        if operator in WITHOUT_VALUE or not values:
            return words
        is_number = self.takes_numbers(operator)
        listed = NUMBERS_JOINER if is_number else ", "
        joiner = _(" and ") if operator == Operator.BETWEEN else listed
        say = self.say_number if is_number else self.say_value
        return f"{words} {joiner.join(say(value) for value in values)}"

    def say_value(self, text: str) -> str:
        return f"“{text}”"

    def takes_numbers(self, operator: str) -> bool:
        """Whether its values are numbers, which each person writes in their style."""
        return False

    def say_number(self, text: str) -> str:
        """The number in full; of `1,250`, which some read as 1.25, `1,250 = 1250.00`."""
        try:
            number = read_number(text, label=self.label)
        except FilterError:
            return text
        places = max(self.places, len(text.strip().partition(".")[2].rstrip("0")))
        if is_in_doubt(text):
            # Three decimals would be in doubt again.
            places = 4 if places == 3 else places
            return f"{show_number(text)} = {format_number(f'{number:.{places}f}')}"
        return format_decimals(number, places)

    def _check(self, operator: Operator, values: Sequence[str]) -> None:
        if operator not in self.operators:
            told = _("%(field)s cannot be asked for with “%(operator)s”.")
            raise FilterError(told % {"field": self.label, "operator": self.labels[operator]})
        if operator in WITHOUT_VALUE:
            return
        if not any(values):
            raise FilterError(_("%(field)s: a value is missing.") % {"field": self.label})
        if operator == Operator.BETWEEN and len(values) != 2:
            raise FilterError(_("%(field)s: between takes two values.") % {"field": self.label})
        if len(values) > VALUES_MAX:
            told = _("%(field)s: at most %(most)s values can be listed.")
            raise FilterError(told % {"field": self.label, "most": VALUES_MAX})
        if any("\0" in value or len(value) > VALUE_LENGTH_MAX for value in values):
            raise FilterError(_("%(field)s: this value is not possible.") % {"field": self.label})


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField(Field):
    kinds: ClassVar[tuple[Operator, ...]] = (Operator.CONTAINS, *EQUALITIES)

    def is_empty(self) -> Q:
        return Q(**{self.path: ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceField(Field):
    """One of few values. `conditions` says what a value means, if not that `path` equals it."""

    choices: Sequence[tuple[str, Label]] = ()
    conditions: Mapping[str, Q] | None = None

    control: ClassVar[str] = "choice"

    def options(self) -> Sequence[tuple[str, Label]]:
        return self.choices

    def read(self, text: str) -> str:
        if text not in dict(self.choices):
            told = _("%(field)s is never “%(value)s”.")
            raise FilterError(told % {"field": self.label, "value": text})
        return text

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        if self.conditions is None or operator in EMPTINESS:
            return Field.condition(self, operator, values)
        passing = Q()
        for value in values:
            passing |= self.conditions[value]
        return ~passing if operator == Operator.IS_NOT else passing

    def say_value(self, text: str) -> str:
        return str(dict(self.choices).get(text, text))


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField(Field):
    """A count; `path` holds such numbers."""

    kinds: ClassVar[tuple[Operator, ...]] = (*EQUALITIES, *COMPARISONS)
    control: ClassVar[str] = "number"
    has_fractions: ClassVar[bool] = False

    def read(self, text: str) -> Decimal:
        return read_number(text, label=self.label)

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        if self.has_fractions or operator not in EQUALITIES:
            return Field.condition(self, operator, values)
        # A lookup would cut 0.5 to 0.
        whole = [value for value in values if value == int(value)]
        is_one = Q(**{f"{self.path}__in": whole}) if whole else Q(pk=None)
        return ~is_one if operator == Operator.IS_NOT else is_one

    def takes_numbers(self, operator: str) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountField(NumberField):
    """An amount in major units of the row's currency."""

    places: ClassVar[int] = 2
    has_fractions: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DateField(Field):
    """A moment, asked for by days, months, years or relative periods; `is` means within."""

    kinds: ClassVar[tuple[Operator, ...]] = (*EQUALITIES, *COMPARISONS)
    control: ClassVar[str] = "date"
    labels: ClassVar[Mapping[Operator, Label]] = LABELS_OF_DATES

    def options(self) -> Sequence[tuple[str, Label]]:
        return tuple(WORDS.items())

    def read(self, text: str) -> Period:
        period = read_period(text)
        if period is None:
            told = _("%(field)s: “%(value)s” is not a date such as 2025-03-31, nor a period.")
            raise FilterError(told % {"field": self.label, "value": text})
        return period

    def is_backward(self, low: Period, high: Period) -> bool:
        return high.end <= low.start

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        if operator in EMPTINESS:
            return Field.condition(self, operator, values)
        if operator == Operator.ONE_OF:
            return reduce(or_, (self.within(value, value) for value in values))
        first, last = values[0], values[-1]
        if operator == Operator.IS_NOT:
            return ~self.within(first, last)
        bounds = {
            Operator.GREATER: {"gte": first.end},
            Operator.LESS: {"lt": first.start},
            Operator.AT_LEAST: {"gte": first.start},
            Operator.AT_MOST: {"lt": first.end},
        }
        return self.bounded(bounds[operator]) if operator in bounds else self.within(first, last)

    def within(self, first: Period, last: Period) -> Q:
        """From the start of one period to the end of another."""
        return self.bounded({"gte": first.start, "lt": last.end})

    def bounded(self, bounds: Mapping[str, datetime]) -> Q:
        """The moment compared by lookups of the ORM."""
        return Q(**{f"{self.path}__{lookup}": moment for lookup, moment in bounds.items()})

    def say_value(self, text: str) -> str:
        period = read_period(text)
        if text in WORDS or period is None:
            return str(WORDS.get(text, text))
        return format_date(period.first) if period.first == period.last else text


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordField(Field):
    """Another record, by its key (`ldg_…`). `find` gives its primary key and name, or None.

    `suggest_url_name` names the page that suggests records while a person types.
    """

    find: Callable[[str], tuple[int, str] | None]
    suggest_url_name: str = ""

    control: ClassVar[str] = "record"

    def read(self, text: str) -> int:
        found = self.find(text)
        if found is None:
            told = _("%(field)s: there is no record %(value)s.")
            raise FilterError(told % {"field": self.label, "value": text})
        return found[0]

    def say_value(self, text: str) -> str:
        found = self.find(text)
        return found[1] if found else text


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyField(Field):
    """The key of the row itself (`txn_…`), whose public id `path` holds.

    `find` gives the values of `path` for public ids, where the rows hold other ones.
    """

    prefix: str
    find: Callable[[Sequence[UUID]], Sequence[int]] | None = None

    def read(self, text: str) -> Any:
        value = self.parse(text)
        if value is None:
            told = _("%(field)s: “%(value)s” is not an id such as %(prefix)s_….")
            asked = {"field": self.label, "value": text, "prefix": self.prefix}
            raise FilterError(told % asked)
        return value

    def parse(self, text: str) -> UUID | int | None:
        """What `path` holds for this key; None if it is none."""
        return parse_key(text, self.prefix)

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        found: Sequence[Any] = self.find(values) if self.find else values
        is_one = Q(**{f"{self.path}__in": found})
        return ~is_one if operator == Operator.IS_NOT else is_one

    def say_value(self, text: str) -> str:
        return text


def read_number(text: str, *, label: Label) -> Decimal:
    """ "1,250.00" or "-3" as a number.

    Raises:
        FilterError: it is none.
    """
    text = text.strip()
    if not NUMBER.fullmatch(text) or len(text) > 2 * DIGITS_MAX:
        told = _("%(field)s: “%(value)s” is not a number such as %(example)s.")
        example = format_number("1,250.00")
        raise FilterError(told % {"field": label, "value": text, "example": example})
    return Decimal(text.replace(",", "").replace("\u2212", "-"))


def is_in_doubt(text: str) -> bool:
    """Whether some would read another number: `1,250`, `-1.250`."""
    return bool(sign_in_doubt(text.strip().lstrip("-\u2212")))
