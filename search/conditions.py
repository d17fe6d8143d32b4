"""Conditions on `FoundTransaction` that ask the live tables, for what a document does not hold.

Each is asked row by row, which is quick in a page's worth of rows. Some know, too, which
transactions they can be true for: from these the database may begin where they are few.
"""

# Statements are put together of constants; every value is bound.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from balances.models import Balance
from ledgers.models import Ledger
from transactions.filters import Tab

ROW = '"search_found"."transaction_id"'


class Asked(RawSQL):
    """A condition in SQL; `driver` selects the ids of all transactions that may pass.

    Both take the same parameters.
    """

    def __init__(self, condition: str, driver: str = "", parameters: Sequence[Any] = ()) -> None:
        super().__init__(condition, parameters, BooleanField())
        self.driver = driver

    @property
    def parameters(self) -> Sequence[Any]:
        return self.params


def asked(condition: str, driver: str = "", parameters: Sequence[Any] = ()) -> Q:
    """The condition as part of a filter."""
    return Q(Asked(condition, driver, parameters))


def takes_part(column: str, keys: Sequence[int], direction: int | None = None) -> Q:
    """Balances or ledgers take part, by `column`; on one side, where that is asked for."""
    which = f"{column} = ANY (%s)" + (
        "" if direction is None else f" AND direction = {direction:d}"
    )
    condition = " OR ".join(
        f"EXISTS (SELECT FROM {table} WHERE transaction_id = {ROW} AND {which})"
        for table in ("transactions_entry", "transactions_reservation")
    )
    driver = " UNION ALL ".join(
        f"SELECT transaction_id FROM {table} WHERE {which}"
        for table in ("transactions_entry", "transactions_reservation")
    )
    return asked(f"({condition})", driver, [list(keys), list(keys)])


def owner_takes_part(keys: Sequence[int]) -> Q:
    """A balance of one of these identities takes part.

    The balances are looked up first: what the database plans depends on which they are.
    """
    owned = Balance.objects.filter(identity__in=keys).values_list("pk", flat=True)
    return takes_part("balance_id", list(owned))


def in_scope(scope: Ledger | Balance | None) -> Q:
    """The ledger or balance takes part."""
    if scope is None:
        return Q()
    return takes_part("balance_id" if isinstance(scope, Balance) else "ledger_id", [scope.pk])


def hold_is(condition: str) -> Q:
    """It is a hold of which this is true."""
    rows = f"SELECT h.transaction_id FROM transactions_hold AS h WHERE {condition}"
    return Q(kind="HOLD") & asked(f"EXISTS ({rows} AND h.transaction_id = {ROW})", rows)


def follows(kind: str) -> Q:
    """It is of this kind, which follows another transaction."""
    column = "reverses_id" if kind == "REVERSAL" else "parent_id"
    driver = (
        f"SELECT id FROM transactions_transaction WHERE {column} IS NOT NULL AND kind = '{kind}'"
    )
    return asked(f'"search_found"."kind" = \'{kind}\'', driver)


IS_OPEN = "h.total_minor > (h.committed_minor + h.released_minor)"
REVERSES = "SELECT v.reverses_id FROM transactions_transaction AS v WHERE v.reverses_id IS NOT NULL"
FOLLOWS = "SELECT f.parent_id FROM transactions_transaction AS f WHERE f.parent_id IS NOT NULL"
STANDING = f"""{FOLLOWS} AND f.kind = 'REFUND' AND NOT EXISTS (
    SELECT FROM transactions_transaction AS v WHERE v.reverses_id = f.id
)"""
# What stands of refunds is all of what was debited.
IS_WHOLE = f"""(
    SELECT sum(e.amount_minor)
    FROM ({STANDING.replace("SELECT f.parent_id", "SELECT f.id")} AND f.parent_id = {ROW}) AS f
    JOIN transactions_entry AS e ON e.transaction_id = f.id AND e.direction = -1
) = (
    SELECT sum(e.amount_minor) FROM transactions_entry AS e
    WHERE e.transaction_id = {ROW} AND e.direction = -1
)"""

is_reversed = asked(f"EXISTS ({REVERSES} AND v.reverses_id = {ROW})", REVERSES)
is_followed = asked(
    f"(EXISTS ({FOLLOWS} AND f.parent_id = {ROW})"
    f" OR EXISTS ({REVERSES} AND v.reverses_id = {ROW}))",
    f"{FOLLOWS} UNION ALL {REVERSES}",
)
is_refunded = Q(kind__in=("POST", "COMMIT")) & asked(
    f"EXISTS ({STANDING} AND f.parent_id = {ROW})", STANDING
)
is_whole = asked(IS_WHOLE)


def has_ended(kind: str) -> Q:
    """A hold whose rest was released in this way, or the transaction that did so."""
    holds = f"SELECT h.transaction_id FROM transactions_hold AS h WHERE h.ended_as = '{kind}'"
    enders = (
        f"SELECT id FROM transactions_transaction WHERE parent_id IS NOT NULL AND kind = '{kind}'"
    )
    condition = (
        f'("search_found"."kind" = \'{kind}\' OR "search_found"."kind" = \'HOLD\''
        f" AND EXISTS ({holds} AND h.transaction_id = {ROW}))"
    )
    return asked(condition, f"{holds} UNION ALL {enders}")


IN_THE_BOOKS = ("POST", "COMMIT", "REVERSAL", "REFUND")
# As the tabs of the transactions table; "every record" is no condition at all.
OF_TAB = {
    Tab.ALL: Q(kind__in=("POST", "HOLD")),
    Tab.POSTED: Q(kind="POST")
    | Q(kind="HOLD")
    & asked(
        "EXISTS (SELECT FROM transactions_hold AS h"
        f" WHERE h.transaction_id = {ROW} AND h.committed_minor > 0)"
    ),
    Tab.INFLIGHT: hold_is(IS_OPEN),
}
