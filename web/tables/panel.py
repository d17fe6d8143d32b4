"""The panel in which filters are built: rows of field, operator and value, joined by and/or.

It is a plain form that asks for itself again with one row more or less, so that it works without
scripts; its inputs are numbered: `field-0`, `operator-0`, `value-0`, `joiner-1` …
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from web.formatting import plain_number, show_number
from web.tables.conditions import Condition, Conditions, compile_condition, find_field
from web.tables.definition import Table
from web.tables.fields import NUMBERS_JOINER, Field, FilterError, is_in_doubt
from web.tables.metadata_fields import MetadataField
from web.tables.operators import LABELS, WITH_LIST, WITHOUT_VALUE, Operator

ROWS_MAX = 20
NUMBERED = re.compile(r"field-(\d{1,2})", re.ASCII)
# A comma alone may stand in a number.
NUMBERS_SEPARATOR = re.compile(r";|,\s")
AND, OR = "and", "or"
# What belongs to the panel, and not to the table's address.
OWN = re.compile(r"(field|path|operator|value|upto|joiner)-\d+|do|precedence", re.ASCII)


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as the form shows it. `values` has two for a range."""

    number: int
    joiner: str
    field: str
    path: str
    operator: str
    control: str
    values: tuple[str, ...]
    fields: Sequence[Option]
    operators: Sequence[Option]
    choices: Sequence[Option]
    suggest_url_name: str
    said: str
    read_as: str
    problem: str

    @property
    def is_first(self) -> bool:
        return self.number == 0

    @property
    def has_value(self) -> bool:
        return self.operator not in WITHOUT_VALUE

    @property
    def is_range(self) -> bool:
        return self.operator == Operator.BETWEEN

    @property
    def is_list(self) -> bool:
        return self.operator == Operator.ONE_OF

    @property
    def value(self) -> str:
        joiner = NUMBERS_JOINER if self.control == "number" else ", "
        return joiner.join(self.values) if self.is_list else next(iter(self.values), "")

    @property
    def upto(self) -> str:
        return self.values[1] if len(self.values) > 1 else ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The conditions in a row, each with how it is joined to the one before."""

    joined: tuple[tuple[str, Condition], ...]
    is_any: bool

    @classmethod
    def of(cls, conditions: Conditions) -> Asked:
        """As they stand in the address of the table."""
        inner, outer = (AND, OR) if conditions.is_any else (OR, AND)
        joined = [
            (inner if place else outer, condition)
            for group in conditions.groups
            for place, condition in enumerate(group)
        ]
        return cls(tuple(joined), conditions.is_any)

    def conditions(self) -> Conditions:
        """In groups: what is joined more closely stands in one."""
        closer = AND if self.is_any else OR
        groups: list[list[Condition]] = []
        for joiner, condition in self.joined:
            if groups and joiner == closer:
                groups[-1].append(condition)
            else:
                groups.append([condition])
        return Conditions(tuple(map(tuple, groups)), self.is_any)


def is_filled(query: QueryDict) -> bool:
    """Whether the form was sent, rather than opened from a table."""
    return "do" in query or any(NUMBERED.fullmatch(name) for name in query)


def read_form(query: QueryDict, table: Table) -> Asked:
    """What the form says, after the button that was pressed: one row more, or less."""
    numbers = sorted(int(found[1]) for name in query if (found := NUMBERED.fullmatch(name)))
    do = query.get("do", "")
    joined = [
        (query.get(f"joiner-{number}", AND), _read_row(query, number, table))
        for number in numbers[:ROWS_MAX]
        if do != f"remove-{number}"
    ]
    if do == "add" and len(joined) < ROWS_MAX:
        joined.append((AND, _first_condition(table)))
    return Asked(tuple(joined), query.get("precedence") == AND)


def _read_row(query: QueryDict, number: int, table: Table) -> Condition:
    name = query.get(f"field-{number}", "")
    field = find_field(name, table.fields)
    if isinstance(field, MetadataField) and name == field.name and not field.keys:
        name = f"{name}.{query.get(f'path-{number}', '').strip()}".rstrip(".")
    operator = query.get(f"operator-{number}", "")
    texts = [value.strip() for value in query.getlist(f"value-{number}")]
    takes_numbers = field is not None and field.takes_numbers(operator)
    if operator == Operator.ONE_OF and len(texts) == 1:
        texts = _split_list(texts[0], takes_numbers=takes_numbers)
    elif operator == Operator.BETWEEN:
        texts = [*texts[:1], query.get(f"upto-{number}", "").strip()]
    elif operator not in WITH_LIST:
        texts = texts[:1]
    if takes_numbers:
        # The address is the same for everyone, the form as each person writes numbers.
        texts = [plain_number(text) for text in texts]
    return Condition(name, operator, () if operator in WITHOUT_VALUE else tuple(texts))


def _split_list(text: str, *, takes_numbers: bool) -> list[str]:
    """What a list holds; numbers in it may have commas of their own."""
    parts = NUMBERS_SEPARATOR.split(text) if takes_numbers else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def _first_condition(table: Table) -> Condition:
    field = table.fields[0]
    return Condition(field.name, field.operators[0], ("",))


def build_rows(asked: Asked, table: Table, *, says_problems: bool) -> list[Row]:
    """The rows of the form; where there is none, one to begin with, that is not yet wrong."""
    if not asked.joined:
        return [_row(0, AND, _first_condition(table), table, says_problems=False)]
    return [
        _row(number, joiner, condition, table, says_problems=says_problems)
        for number, (joiner, condition) in enumerate(asked.joined)
    ]


def _row(
    number: int, joiner: str, condition: Condition, table: Table, *, says_problems: bool
) -> Row:
    field = find_field(condition.field, table.fields) or table.fields[0]
    base = _base_of(field, table.fields)
    operator = condition.operator if condition.operator in field.operators else field.operators[0]
    shown = Condition(condition.field, operator, condition.values)
    takes_numbers = field.takes_numbers(operator)
    said = [field.say_value(value) for value in condition.values if value]
    return Row(
        number=number,
        joiner=joiner,
        field=base.name,
        path=field.name.partition(".")[2] if isinstance(field, MetadataField) else "",
        operator=operator,
        control=field.control,
        values=tuple(map(show_number, condition.values)) if takes_numbers else condition.values,
        fields=[Option(each.name, str(each.label), each is base) for each in table.fields],
        operators=[
            Option(each, str(field.labels.get(each, LABELS[each])), each == operator)
            for each in field.operators
        ],
        choices=[
            Option(value, str(label), value in condition.values) for value, label in field.options()
        ],
        suggest_url_name=getattr(field, "suggest_url_name", ""),
        said=" ".join(said),
        read_as=", ".join(_read_as(field, operator, condition.values, said)),
        problem=_problem(shown, table) if says_problems else "",
    )


def _read_as(
    field: Field, operator: str, values: Sequence[str], said: Sequence[str]
) -> Iterable[str]:
    """What stands below the control: numbers that some read otherwise, and records by names."""
    if field.takes_numbers(operator):
        return map(field.say_number, filter(is_in_doubt, values))
    return said if field.control == "record" and operator == Operator.ONE_OF else ()


def _base_of(field: Field, fields: Sequence[Field]) -> Field:
    """The field of the table that a metadata path belongs to; any other is its own."""
    name = field.name.partition(".")[0]
    return next((each for each in fields if each.name in (field.name, name)), fields[0])


def _problem(condition: Condition, table: Table) -> str:
    try:
        compile_condition(condition, table.fields)
    except FilterError as error:
        return str(error)
    return ""


def table_query(query: QueryDict, conditions: Conditions | None = None) -> QueryDict:
    """The query of the table's address: without what is the panel's, with these conditions."""
    kept = query.copy()
    for name in [name for name in kept if OWN.fullmatch(name) or name in ("cursor", "count")]:
        del kept[name]
    if conditions is not None:
        for name, values in conditions.parameters().items():
            kept.setlist(name, values)
    return kept


def explain_precedence() -> list[tuple[str, str]]:
    """How "and" and "or" may combine: the value of the choice, and its words."""
    return [(OR, _("(A or B) and C")), (AND, _("(A and B) or C"))]
