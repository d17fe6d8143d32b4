"""The lists of a transactions table, each along an index; see docs/adr/0005 for their counts.

A transaction that has followers is one event with them: its head is a posting or a hold. Postings
are found by their entries, holds by their reservations; both are numbered in one row, so that on a
balance (effective_at, id) is one order, and in a ledger (effective_at, transaction_id).
"""

from __future__ import annotations

from balances.models import Balance
from ledgers.models import Ledger
from web.arms import Arm, Arms
from web.statements import fetch_row

# So many holds of a balance or ledger are looked through, to see what became of them.
HOLDS_MAX = 2_000

# What stands under OFFSET 0 is looked up for each row of a page. As a join, it would read all
# entries of the balance once the server plans without knowing which balance it is.
IS_FIRST = """NOT EXISTS (
    SELECT FROM transactions_entry AS previous
    WHERE previous.balance_id = e.balance_id AND previous.position = e.position - 1
      AND previous.transaction_id = e.transaction_id
    OFFSET 0
)"""
IS_POSTING = (
    "(SELECT t.kind FROM transactions_transaction AS t WHERE t.id = e.transaction_id) = 'POST'"
)
IS_COMMITTED = (
    "(SELECT h.committed_minor > 0 FROM transactions_hold AS h WHERE h.transaction_id = {hold})"
)
# As the condition of the index by which open holds are found.
IS_OPEN = "h.total_minor > (h.committed_minor + h.released_minor)"
# A part of a hold may have taken all that was held on one of its balances.
IS_HELD_HERE = """(
    SELECT sum(CASE r.kind WHEN 'HOLD' THEN r.amount_minor ELSE -r.amount_minor END)
    FROM transactions_reservation AS r
    WHERE r.hold_id = h.transaction_id AND r.{column} = %(scope)s
) > 0"""


OF_BOOKS = """
SELECT t.effective_at, t.id AS transaction_id FROM transactions_transaction AS t
WHERE {condition} {{after}} {{ordered}}
"""
OPEN_HOLDS = """
SELECT h.effective_at, h.transaction_id FROM transactions_hold AS h
WHERE {condition} {{after}} {{ordered}}
"""
HELD_IN_SCOPE = """
SELECT DISTINCT r.effective_at, r.transaction_id FROM transactions_reservation AS r
WHERE r.{column} = %(scope)s AND r.kind = 'HOLD' AND EXISTS (
    SELECT FROM transactions_hold AS h
    WHERE h.transaction_id = r.transaction_id AND {condition}
) {{after}} {{ordered}}
"""
HOLDS = """
SELECT count(*) FROM (
    SELECT FROM transactions_reservation AS r
    WHERE r.{column} = %s AND r.kind = 'HOLD' LIMIT %s
) AS r
"""
OF_BALANCE = """
SELECT {row}.effective_at, {row}.id, {row}.transaction_id FROM {table} AS {row}
WHERE {row}.balance_id = %(scope)s AND {condition} {{after}} {{ordered}}
"""
# Each transaction once, however many balances of the ledger it moves.
OF_LEDGER = """
SELECT DISTINCT {row}.effective_at, {row}.transaction_id FROM {table} AS {row}
WHERE {row}.ledger_id = %(scope)s AND {condition} {{after}} {{ordered}}
"""
TABLES = {"e": "transactions_entry", "r": "transactions_reservation"}

BOOKS_KEYS = ("effective_at", "transaction_id")
BALANCE_KEYS = ("effective_at", "id")


def events(scope: Ledger | Balance | None) -> Arms:
    """The heads: one row for each business event."""
    if scope is None:
        return _of_books("events", "t.kind IN ('POST', 'HOLD')")
    return _of_scope("events", scope, e=IS_POSTING, r="r.kind = 'HOLD'")


def records(scope: Ledger | Balance | None) -> Arms:
    """Every transaction."""
    if scope is None:
        return _of_books("records", "true")
    # A commit has entries, too, and is found by them.
    return _of_scope("records", scope, e="true", r="r.kind <> 'COMMIT'")


def posted(scope: Ledger | Balance | None) -> Arms:
    """The events of which something is in the balances: postings, and holds with commits."""
    if scope is None:
        is_committed = IS_COMMITTED.format(hold="t.id")
        return _of_books("posted", f"(t.kind = 'POST' OR t.kind = 'HOLD' AND {is_committed})")
    is_committed = IS_COMMITTED.format(hold="r.hold_id")
    return _of_scope("posted", scope, e=IS_POSTING, r=f"r.kind = 'HOLD' AND {is_committed}")


def inflight(scope: Ledger | Balance | None) -> Arms:
    """The holds of which something is left; in a scope, there.

    They are looked for among all that are open; or among those of the scope, where it has few.
    """
    sql, row, condition, column = OPEN_HOLDS, "h", IS_OPEN, ""
    if scope is not None:
        column = column_of(scope)
        condition += f" AND {IS_HELD_HERE.format(column=column)}"
        if not has_many_holds(scope):
            sql, row = HELD_IN_SCOPE, "r"
    keys = (f"{row}.effective_at", f"{row}.transaction_id")
    arm = Arm(sql.format(condition=condition, column=column), keys)
    return Arms("inflight", BOOKS_KEYS, (arm,), _parameters(scope))


def has_many_holds(scope: Ledger | Balance) -> bool:
    """Whether there are more than are looked through one by one, ended ones included."""
    (count,) = fetch_row(HOLDS.format(column=column_of(scope)), [scope.pk, HOLDS_MAX + 1])
    return bool(count > HOLDS_MAX)


def column_of(scope: Ledger | Balance) -> str:
    """By which entries and reservations belong to it."""
    return "balance_id" if isinstance(scope, Balance) else "ledger_id"


def _of_books(label: str, condition: str) -> Arms:
    arm = Arm(OF_BOOKS.format(condition=condition), ("t.effective_at", "t.id"))
    return Arms(label, BOOKS_KEYS, (arm,), {})


def _of_scope(label: str, scope: Ledger | Balance, **conditions: str) -> Arms:
    keys: tuple[str, ...]
    fields: tuple[str, ...]
    if isinstance(scope, Balance):
        sql, keys, fields = OF_BALANCE, BALANCE_KEYS, (*BALANCE_KEYS, "transaction_id")
        conditions["e"] += f" AND {IS_FIRST}"
    else:
        sql, keys, fields = OF_LEDGER, BOOKS_KEYS, BOOKS_KEYS
    arms = tuple(
        Arm(
            sql.format(row=row, table=TABLES[row], condition=condition),
            tuple(f"{row}.{key}" for key in keys),
        )
        for row, condition in conditions.items()
    )
    return Arms(label, fields, arms, _parameters(scope))


def _parameters(scope: Ledger | Balance | None) -> dict[str, int]:
    return {"scope": scope.pk} if scope else {}
