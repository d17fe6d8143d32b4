"""The parts of a condition on `FoundTransaction`: what they say of transactions and their lines."""

# Statements are put together of constants; every value is bound.
# ruff: noqa: S608, S611

from __future__ import annotations

from typing import Any, cast

from django.db.models import (
    BooleanField,
    Exists,
    Expression,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.lookups import Contains

from search.conditions import ROW, Asked
from search.models import FoundLine, FoundTransaction
from web.tables.conditions import required

# What the lines of one transaction differ in.
OF_LINES = ("amount", "currency")
# What looks inside extra information; and so many letters a text has that an index leads to.
INSIDE = {"jsonb_path_exists", "jsonb_extract_path_text"}
LETTERS_MIN = 3
# What of a document, and of its transaction, never changes; extra information does.
LASTING = {
    *("effective_at", "created_at", "actor", "actor_id", "line", "kind", "currency", "amount"),
    *("text", "transaction_id"),
}
LASTING_OF_TRANSACTION = {"reference", "description", "batch_id", "public_id"}


def without(q: Q, part: Asked) -> Q:
    """The rest of a condition, where `part`, which is required, is known to be true."""
    if q.negated or (q.connector != Q.AND and len(q.children) > 1):
        return q
    children: list[Any] = [child for child in q.children if cast("Any", child) is not part]
    return Q(*(without(child, part) if isinstance(child, Q) else child for child in children))


def once(q: Q) -> QuerySet[FoundTransaction]:
    """One row for each transaction of which a line passes: the first of these lines."""
    passing = FoundTransaction.objects.filter(q)
    if is_of_one_line(q):
        return passing
    if not tells_lines_apart(q):
        return passing.filter(line=1)
    lower = FoundLine.objects.filter(
        q, transaction_id=OuterRef("transaction_id"), line__lt=OuterRef("line")
    )
    return passing.filter(Q(line=1) | ~Exists(lower))


def pin(driver: Asked, maximum: int) -> Q:
    """It is one of the first transactions that a live table names."""
    sql = f"{ROW} = ANY (ARRAY(SELECT * FROM ({driver.driver}) AS driver LIMIT {maximum:d}))"
    return Q(RawSQL(sql, driver.parameters, output_field=BooleanField()))


def tells_lines_apart(q: Q) -> bool:
    """Whether some lines of a transaction may pass and others not."""
    return any(
        tells_lines_apart(child)
        if isinstance(child, Q)
        else isinstance(child, tuple) and child[0].split("__")[0] in OF_LINES
        for child in q.children
    )


def is_of_one_line(q: Q) -> bool:
    """Whether no more than one line of a transaction may pass: each has another currency."""
    return any(isinstance(part, tuple) and part[0] == "currency" for part in required(q))


def columns_asked(q: Q) -> list[str]:
    """What of a document it looks at: all, where that is not known."""
    asked = _asked(q)
    fields = (field for field in FoundTransaction._meta.local_fields if field.name != "pk")
    return [field.attname for field in fields if "" in asked or asked & {field.name, field.attname}]


def lasts(q: Q) -> bool:
    """Whether what passes will always pass, unless its extra information changes.

    Of what is asked of live tables that is not known.
    """
    return _asked(q) <= {*LASTING, "metadata"}


def reads_metadata(q: Q) -> bool:
    """Whether it asks for extra information."""
    return "metadata" in _asked(q)


def _asked(part: Any) -> set[str]:
    """The fields of a document that a part of a condition asks for; "" for anything else."""
    if isinstance(part, Q):
        return set().union(*map(_asked, part.children))
    if isinstance(part, tuple):
        name, *rest = part[0].split("__")
        if name == "transaction":
            return {"transaction_id" if {*rest[:1]} & LASTING_OF_TRANSACTION else ""}
        return {name}
    inside: list[Any] = list(part.flatten()) if isinstance(part, Expression) else []
    if any(isinstance(each, RawSQL) for each in inside):
        return {""}
    return {cast("Any", each).name for each in inside if isinstance(each, F)} or {""}


def is_unaided(q: Q) -> bool:
    """Whether no index answers a part of it: in extra information, or of one or two letters."""
    return any(
        is_unaided(child) if isinstance(child, Q) else _is_unaided(child) for child in q.children
    )


def _is_unaided(part: Any) -> bool:
    asked: list[Any] = list(part.flatten()) if isinstance(part, Expression) else []
    looks_inside = any(
        each.extra.get("function") in INSIDE for each in asked if isinstance(each, Func)
    )
    is_contained = isinstance(part, Contains) and isinstance(part.rhs, Expression)
    texts = [each.value for each in asked if isinstance(each, Value)] if is_contained else []
    return looks_inside or any(len(str(text)) < LETTERS_MIN for text in texts)
