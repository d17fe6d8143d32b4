"""The filters of a table as its address has them: `?where=name:contains:ann|email:empty`.

Each `where` is a group. Groups are joined by "and", the conditions inside one, which `|` parts,
by "or"; with `match=any` it is the other way round. `\\` takes the meaning from `|`, `,` and `:`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from web.tables.fields import Field, FilterError
from web.tables.operators import WITH_LIST, WITHOUT_VALUE, Operator

WHERE, MATCH, ANY = "where", "match", "any"
GROUPS_MAX = 20
CONDITIONS_MAX = 50
ESCAPED = re.compile(r"\\(.)|([|,:])", re.DOTALL)
SPECIAL = re.compile(r"([\\|,:])")


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison, as asked for: neither field nor operator need exist."""

    field: str
    operator: str
    values: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Condition:
        """`amount:at-least:1000`."""
        field, operator, value = (*_split(text, ":", most=2), "", "")[:3]
        operator = _unescape(operator).strip()
        parts = _split(value, ",") if operator in WITH_LIST else [value]
        values = tuple(_unescape(part).strip() for part in parts)
        return cls(_unescape(field).strip(), operator, () if operator in WITHOUT_VALUE else values)

    def __str__(self) -> str:
        return ":".join((_escape(self.field), self.operator, ",".join(map(_escape, self.values))))


Group = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """All conditions of a table."""

    groups: tuple[Group, ...] = ()
    is_any: bool = False

    @classmethod
    def read(cls, query: QueryDict) -> Conditions:
        """Those of `?where=…&match=any`."""
        groups = tuple(
            tuple(Condition.parse(part) for part in _split(text, "|"))
            for text in query.getlist(WHERE)
            if text.strip()
        )
        return cls(groups, query.get(MATCH) == ANY and len(groups) > 1)

    def __bool__(self) -> bool:
        return bool(self.groups)

    def __iter__(self) -> Iterator[Condition]:
        return (condition for group in self.groups for condition in group)

    def parameters(self) -> dict[str, list[str]]:
        """As an address has them; a name without values is to be left out."""
        texts = ["|".join(str(condition) for condition in group) for group in self.groups]
        return {WHERE: texts, MATCH: [ANY] if self.is_any and len(texts) > 1 else []}

    def without(self, number: int) -> Conditions:
        """All but the one with this number, counted through all groups."""
        numbers = iter(range(CONDITIONS_MAX + 1))
        groups = (
            tuple(condition for condition in group if next(numbers, None) != number)
            for group in self.groups
        )
        return Conditions(tuple(group for group in groups if group), self.is_any)

    def compile(self, fields: Sequence[Field]) -> Compiled:
        """The condition on the queryset, and what is wrong with which, by number."""
        if len(self.groups) > GROUPS_MAX or sum(map(len, self.groups)) > CONDITIONS_MAX:
            told = _("There are more filters than the %(most)s that can be combined.")
            return Compiled(Q(), {0: told % {"most": CONDITIONS_MAX}})
        problems: dict[int, str] = {}
        compiled: list[list[Q]] = []
        number = 0
        for group in self.groups:
            compiled.append([])
            for condition in group:
                try:
                    compiled[-1].append(compile_condition(condition, fields))
                except FilterError as error:
                    problems[number] = str(error)
                number += 1
        inner, outer = (and_, or_) if self.is_any else (or_, and_)
        return Compiled(_join((_join(each, inner) for each in compiled), outer), problems)


@dataclass(frozen=True, slots=True)
class Compiled:
    """`problems` tells by the number of a condition what is wrong with it."""

    q: Q
    problems: dict[int, str]


def find_field(name: str, fields: Sequence[Field]) -> Field | None:
    """The field of that name; a metadata field for `metadata.<path>`."""
    for field in fields:
        if found := field.named(name):
            return found
    return None


def compile_condition(condition: Condition, fields: Sequence[Field]) -> Q:
    """The condition on the queryset.

    Raises:
        FilterError: it means nothing.
    """
    field = find_field(condition.field, fields)
    if field is None:
        raise FilterError(_("This table has no “%(name)s”.") % {"name": condition.field[:60]})
    try:
        operator = Operator(condition.operator)
    except ValueError as error:
        told = _("%(field)s: there is no “%(operator)s”.")
        asked = {"field": field.label, "operator": condition.operator[:60]}
        raise FilterError(told % asked) from error
    return field.compile(operator, condition.values)


def say_condition(condition: Condition, fields: Sequence[Field]) -> str:
    """The condition in words; as it was written if it means nothing."""
    field = find_field(condition.field, fields)
    if field is None or condition.operator not in list(Operator):
        return str(condition)[:120]
    return field.say(Operator(condition.operator), condition.values)


def required(q: Q) -> Iterator[Any]:
    """The parts of a condition that everything that passes must pass."""
    if q.negated:
        return
    if q.connector != Q.AND and len(q.children) > 1:
        return
    for child in q.children:
        if isinstance(child, Q):
            yield from required(child)
        else:
            yield child


def bounds(q: Q, field: str) -> Q:
    """What it says of the first key of an order: between which of its values to walk."""
    said = [part for part in required(q) if isinstance(part, tuple)]
    return Q(*(part for part in said if part[0].startswith(f"{field}__")))


def _join(parts: Iterable[Q], how: object) -> Q:
    joined = [part for part in parts if part]
    return reduce(and_ if how is and_ else or_, joined) if joined else Q()


def _split(text: str, separator: str, *, most: int = -1) -> list[str]:
    """At the separators that no backslash stands before; what was escaped stays so."""
    parts: list[str] = []
    start = 0
    for match in ESCAPED.finditer(text):
        if match[2] == separator and len(parts) != most:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _escape(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)
