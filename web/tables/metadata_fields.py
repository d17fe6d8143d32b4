"""Extra information as what rows are filtered by: any key in it, however deep."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import BooleanField, CharField, F, Func, Q, Value
from django.db.models.lookups import IContains
from django.utils.translation import gettext as _

from web.tables.fields import Field, FilterError, read_number
from web.tables.operators import COMPARISONS, EMPTINESS, EQUALITIES, Operator

DEPTH_MAX = 20
# What is no text cannot be compared with one.
IS_FILLED = '@ != null && (@.type() != "string" || @ != "")'


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataField(Field):
    """A key of the extra information, by its path: `metadata.region`, `metadata.bill.number`."""

    keys: tuple[str, ...] = ()

    kinds: ClassVar[tuple[Operator, ...]] = (
        Operator.CONTAINS,
        *EQUALITIES,
        *COMPARISONS,
        Operator.HAS_KEY,
        Operator.LACKS_KEY,
        *EMPTINESS,
    )
    control: ClassVar[str] = "metadata"

    def named(self, name: str) -> Field | None:
        if name == self.name:
            return self
        prefix, _separator, path = name.partition(".")
        keys = tuple(path.split("."))
        if prefix != self.name or not all(keys) or len(keys) > DEPTH_MAX or "\0" in path:
            return None
        return MetadataField(name=name, label=path, lookup=self.path, keys=keys)

    def condition(self, operator: Operator, values: Sequence[Any]) -> Q:
        if not self.keys:
            raise FilterError(_("Name the key of the extra information."))
        if operator in (Operator.HAS_KEY, Operator.LACKS_KEY):
            has_key = Q(_path_matches(self.path, self.keys))
            return has_key if operator == Operator.HAS_KEY else ~has_key
        if operator in EMPTINESS:
            has_value = Q(_path_matches(self.path, self.keys, test=IS_FILLED))
            return ~has_value if operator == Operator.EMPTY else has_value
        if operator == Operator.CONTAINS:
            return Q(IContains(_text_at(self.path, self.keys), values[0]))
        if operator in COMPARISONS:
            return self._compared(operator, values)
        is_equal = Q()
        for value in values:
            is_equal |= self._equal(value)
        return ~is_equal if operator == Operator.IS_NOT else is_equal

    def takes_numbers(self, operator: str) -> bool:
        return operator in COMPARISONS

    def is_backward(self, low: str, high: str) -> bool:
        return read_number(high, label=self.label) < read_number(low, label=self.label)

    def _equal(self, text: str) -> Q:
        """As a text, and as the number or truth value that it may stand for."""
        meant: list[Any] = [text]
        try:
            plain = json.loads(text)
        except ValueError:
            plain = None
        if isinstance(plain, bool | int | float):
            meant.append(plain)
        equal = Q()
        for value in meant:
            nested: Any = value
            for key in reversed(self.keys):
                nested = {key: nested}
            equal |= Q(**{f"{self.path}__contains": nested})
        return equal

    def _compared(self, operator: Operator, values: Sequence[str]) -> Q:
        numbers = [float(read_number(value, label=self.label)) for value in values]
        signs = {
            Operator.GREATER: ">",
            Operator.LESS: "<",
            Operator.AT_LEAST: ">=",
            Operator.AT_MOST: "<=",
        }
        if operator == Operator.BETWEEN:
            test = "@.double() >= $low && @.double() <= $high"
        else:
            test = f"@.double() {signs[operator]} $low"
        variables = dict(zip(("low", "high"), numbers, strict=False))
        return Q(_path_matches(self.path, self.keys, test=test, variables=variables))


def _path_matches(
    path: str,
    keys: Sequence[str],
    *,
    test: str = "",
    variables: Mapping[str, float] | None = None,
) -> Func:
    steps = "".join(f".{json.dumps(key)}" for key in keys)
    where = f" ? ({test})" if test else ""
    return Func(
        F(path),
        _cast(f"lax ${steps}{where}", "jsonpath"),
        _cast(json.dumps(variables or {}), "jsonb"),
        function="jsonb_path_exists",
        output_field=BooleanField(),
    )


def _cast(text: str, kind: str) -> Func:
    return Func(
        Value(text, output_field=CharField()),
        template=f"(%(expressions)s)::{kind}",
        output_field=CharField(),
    )


def _text_at(path: str, keys: Sequence[str]) -> Func:
    return Func(
        F(path),
        *(Value(key, output_field=CharField()) for key in keys),
        function="jsonb_extract_path_text",
        output_field=CharField(),
    )
