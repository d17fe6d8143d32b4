"""How a condition compares."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Operator(StrEnum):
    """As written in addresses."""

    IS = "is"
    IS_NOT = "is-not"
    ONE_OF = "one-of"
    CONTAINS = "contains"
    GREATER = "greater"
    LESS = "less"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    BETWEEN = "between"
    EMPTY = "empty"
    NOT_EMPTY = "not-empty"
    HAS_KEY = "has-key"
    LACKS_KEY = "lacks-key"


LABELS: dict[Operator, str | Promise] = {
    Operator.IS: _("is"),
    Operator.IS_NOT: _("is not"),
    Operator.ONE_OF: _("is one of"),
    Operator.CONTAINS: _("contains"),
    Operator.GREATER: _("is greater than"),
    Operator.LESS: _("is less than"),
    Operator.AT_LEAST: _("is at least"),
    Operator.AT_MOST: _("is at most"),
    Operator.BETWEEN: _("is between"),
    Operator.EMPTY: _("is empty"),
    Operator.NOT_EMPTY: _("is not empty"),
    Operator.HAS_KEY: _("has this key"),
    Operator.LACKS_KEY: _("lacks this key"),
}
LABELS_OF_DATES: dict[Operator, str | Promise] = {
    **LABELS,
    Operator.GREATER: _("is after"),
    Operator.LESS: _("is before"),
    Operator.AT_LEAST: _("is on or after"),
    Operator.AT_MOST: _("is on or before"),
}
WITHOUT_VALUE = frozenset(
    {Operator.EMPTY, Operator.NOT_EMPTY, Operator.HAS_KEY, Operator.LACKS_KEY}
)
# All others take what follows as one value, commas included.
WITH_LIST = frozenset({Operator.ONE_OF, Operator.BETWEEN})
EMPTINESS = (Operator.EMPTY, Operator.NOT_EMPTY)
COMPARISONS = (
    Operator.GREATER,
    Operator.LESS,
    Operator.AT_LEAST,
    Operator.AT_MOST,
    Operator.BETWEEN,
)
EQUALITIES = (Operator.IS, Operator.IS_NOT, Operator.ONE_OF)
# As lookups of the ORM.
LOOKUPS = {
    Operator.GREATER: "gt",
    Operator.LESS: "lt",
    Operator.AT_LEAST: "gte",
    Operator.AT_MOST: "lte",
}
