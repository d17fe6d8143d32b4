"""The orders of a list of transactions, and how statements say them.

Along some there is an index. What others go by is looked up for each transaction, so that no more
may pass than are counted.
"""

# Statements are put together of constants; every value is bound.
# ruff: noqa: S608, S611

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from search.conditions import IS_OPEN, IS_WHOLE, REVERSES, ROW, STANDING
from web.pagination import Key

# So many letters of a text are compared; the cursors of pages hold them.
LETTERS_MAX = 80
# As the rows name a side: the balance, or how many there are, which come first.
SIDE = f"""coalesce((
    SELECT CASE WHEN count(DISTINCT b.id) > 1 THEN lpad(count(DISTINCT b.id)::text, 9, '0')
           ELSE left(lower(min(coalesce(nullif(b.indicator, ''), i.name, 'bln_' || b.public_id))),
                     {LETTERS_MAX}) END
    FROM (
        SELECT e.balance_id FROM transactions_entry AS e
        WHERE e.transaction_id = {ROW} AND e.direction = {{direction}}
        UNION ALL
        SELECT r.balance_id FROM transactions_reservation AS r
        WHERE r.transaction_id = {ROW} AND r.direction = {{direction}}
          AND kind IN ('HOLD', 'VOID', 'EXPIRY')
    ) AS side
    JOIN balances_balance AS b ON b.id = side.balance_id
    LEFT JOIN identities_identity AS i ON i.id = b.identity_id
), '')"""
# As the rows tell it, in the order of a life: from what is reserved to what is over.
STATE = f"""CASE
    WHEN kind = 'HOLD' THEN coalesce((
        SELECT CASE WHEN h.ended_as = 'EXPIRY' THEN 9 WHEN h.ended_as <> '' THEN 8
                    WHEN NOT ({IS_OPEN}) THEN 3 WHEN h.committed_minor > 0 THEN 2 ELSE 1 END
        FROM transactions_hold AS h WHERE h.transaction_id = {ROW}
    ), 1)
    WHEN kind = 'VOID' THEN 8
    WHEN kind = 'EXPIRY' THEN 9
    WHEN EXISTS ({REVERSES} AND v.reverses_id = {ROW}) THEN 7
    WHEN kind IN ('POST', 'COMMIT') AND EXISTS ({STANDING} AND f.parent_id = {ROW})
    THEN CASE WHEN {IS_WHOLE} THEN 6 ELSE 5 END
    ELSE 4
END"""
OF_TRANSACTION = f"""coalesce((
    SELECT {{value}} FROM transactions_transaction AS t WHERE t.id = {ROW}
), '')"""
# What is looked up of a row of `search_found`, by the key of the order.
LOOKED_UP = {
    "description": f"left(substr(text, strpos(text, E'\\n') + 1), {LETTERS_MAX})",
    "source": SIDE.format(direction=-1),
    "destination": SIDE.format(direction=1),
    "state": STATE,
    "code": "currency",
    "kind_code": "kind",
    "recorder": "coalesce((SELECT u.username FROM users_user AS u WHERE u.id = actor_id), '')",
    "followed": f"""coalesce((
        SELECT left(lower(p.reference), {LETTERS_MAX}) FROM transactions_transaction AS t
        JOIN transactions_transaction AS p ON p.id = coalesce(t.parent_id, t.reverses_id)
        WHERE t.id = {ROW}
    ), '')""",
    "batch": OF_TRANSACTION.format(value="t.batch_id::text"),
    "key": OF_TRANSACTION.format(value="t.public_id::text"),
    "information": OF_TRANSACTION.format(
        value=f"left(lower(t.metadata #>> %s::text[]), {LETTERS_MAX})"
    ),
}
SORTS = {
    "effective": ("effective_at", "transaction_id"),
    "created": ("transaction_id",),
    "amount": ("amount", "transaction_id"),
    "reference": ("reference",),
    "description": ("description", "transaction_id"),
    "from": ("source", "transaction_id"),
    "to": ("destination", "transaction_id"),
    "status": ("state", "transaction_id"),
    "currency": ("code", "transaction_id"),
    "kind": ("kind_code", "transaction_id"),
    "created_by": ("recorder", "transaction_id"),
    "parent": ("followed", "transaction_id"),
    "batch": ("batch", "transaction_id"),
    "id": ("key", "transaction_id"),
    "metadata": ("information", "transaction_id"),
}


def keys_of(sort: str) -> tuple[str, ...]:
    """The keys of an order of this name; of any key of extra information, as `metadata.region`."""
    return SORTS[sort.partition(".")[0]]


def is_looked_up(sort: str) -> bool:
    """Whether no index comes in this order."""
    return keys_of(sort)[0] in LOOKED_UP


def look_up(sort: str) -> tuple[str, list[Any]]:
    """What a row is sorted by, and what is to be bound there."""
    key = keys_of(sort)[0]
    return LOOKED_UP[key], [sort.split(".")[1:]] if key == "information" else []


def sorted_by(keys: Sequence[Key]) -> str:
    """ORDER BY these keys."""
    order = ", ".join(f'"{key.field}"{" DESC" if key.descending else ""}' for key in keys)
    return f"ORDER BY {order}" if keys else ""


def first_by(keys: Sequence[Key], limit: int) -> str:
    """The first rows in the order of these keys."""
    return f"{sorted_by(keys)} LIMIT {limit:d}"


def comes_after(keys: Sequence[Key]) -> str:
    """That a row comes after the values of the keys, which are to be bound: compared as a whole."""
    columns = ", ".join(f'"{key.field}"' for key in keys)
    values = ", ".join(["%s"] * len(keys))
    return f"({columns}) {'<' if keys[0].descending else '>'} ({values})"


def after_values(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """The same as a condition on `FoundTransaction`, which one range of an index answers."""
    operator, lookup = ("<", "lt") if keys[0].descending else (">", "gt")
    if len(keys) == 1:
        field = "transaction__reference" if keys[0].field == "reference" else keys[0].field
        return Q(**{f"{field}__{lookup}": values[0]})
    columns = ", ".join(f'"search_found"."{key.field}"' for key in keys)
    sql = f"({columns}) {operator} (%s, %s)"
    return Q(RawSQL(sql, values, output_field=BooleanField()))
