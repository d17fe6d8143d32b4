"""SQL that writes the life of a hold, and what undoes postings, past the functions for it."""

from __future__ import annotations

from typing import Any

from tests.attacks.conftest import Attacker
from tests.transactions.forging import filled

HOLD = (
    "SELECT posted_id FROM transactions_hold(NULL, %s, '', NULL, '{}', %s::bigint[], %s::numeric[],"
    " NULL, %s, %s)"
)
SETTLE = "SELECT * FROM transactions_settle(%s, %s, NULL, %s, '', NULL, '{}', %s, NULL)"
UNDO = "SELECT * FROM transactions_undo(%s, %s, NULL, %s, '', NULL, '{}', %s, NULL, %s)"

# Balance, direction, amount; of entries also position and running figure.
Reserved = tuple[str, int, int]
Entered = tuple[str, int, int, int, int]
SOURCE, TARGET = "%(source)s", "%(target)s"
HELD = "%(held)s"
# The books of the attacker: two postings of 500, then a hold of 400 on the same balances.
HOLDING: list[Reserved] = [(SOURCE, -1, 400), (TARGET, 1, 400)]
TAKEN: list[Entered] = [(SOURCE, -1, 400, 3, -1400), (TARGET, 1, 400, 3, 1400)]
GIVEN_BACK: list[Entered] = [(SOURCE, 1, 500, 3, -500), (TARGET, -1, 500, 3, 500)]


def _life(
    kind: str,
    status: str,
    *,
    parent: str = "NULL",
    reverses: str = "NULL",
    reserved: list[Reserved] | None = None,
    entered: list[Entered] | None = None,
    remainder: str = "",
    hold: str = "",
    count: int = 2,
    overdraft: str = "NULL",
    rate: str = "NULL",
    kind_reserved: str = "",
) -> str:
    """One statement that writes a transaction with all that belongs to it."""
    reservations = ", ".join(str(line).replace("'", "") for line in reserved or [])
    entries = ", ".join(str(line).replace("'", "") for line in entered or [])
    return f"""
        WITH written AS (
            INSERT INTO transactions_transaction (
                public_id, reference, kind, status, description, entry_count, effective_at,
                created_at, parent_id, reverses_id, overdraft_minor, exchange_rate, metadata
            )
            VALUES (gen_random_uuid(), 'forged', '{kind}', '{status}', '', {count},
                    clock_timestamp(), clock_timestamp(), {parent}, {reverses}, {overdraft}, {rate},
                    '{{}}')
            RETURNING id, effective_at
        ), remainder AS (
            INSERT INTO transactions_hold (
                transaction_id, effective_at, total_minor, committed_minor, released_minor, ended_as
            )
            SELECT w.id, w.effective_at, {remainder or "1, 0, 0, ''"} FROM written AS w
            WHERE {bool(remainder)}
        ), released AS (
            INSERT INTO transactions_reservation (
                transaction_id, hold_id, balance_id, ledger_id, kind, effective_at, direction,
                amount_minor
            )
            SELECT w.id, {hold or "w.id"}, r.balance, %(ledger)s, '{kind_reserved or kind}',
                   w.effective_at, r.direction, r.amount
            FROM written AS w, (VALUES {reservations or "(1, 1, 1)"})
                 AS r (balance, direction, amount)
            WHERE {bool(reservations)}
            RETURNING id
        )
        INSERT INTO transactions_entry (
            transaction_id, balance_id, ledger_id, position, effective_at, direction, amount_minor,
            running_minor
        )
        SELECT w.id, e.balance, %(ledger)s, e.position, w.effective_at, e.direction, e.amount,
               e.running
        FROM (SELECT count(*) FROM released) AS first, written AS w,
             (VALUES {entries or "(1, 1, 1, 1, 1)"})
             AS e (balance, direction, amount, position, running)
        WHERE {bool(entries)}
    """


def forge_hold(**changes: Any) -> str:
    fields: dict[str, Any] = {"reserved": HOLDING, "remainder": "400, 0, 0, ''"}
    return _life("HOLD", "INFLIGHT", **{**fields, **changes})


def forge_commit(**changes: Any) -> str:
    fields: dict[str, Any] = {
        "parent": HELD,
        "hold": HELD,
        "reserved": HOLDING,
        "entered": TAKEN,
    }
    return _life("COMMIT", "POSTED", **{**fields, **changes})


def forge_void(**changes: Any) -> str:
    fields: dict[str, Any] = {"parent": HELD, "hold": HELD, "reserved": HOLDING}
    return _life("VOID", "VOIDED", **{**fields, **changes})


def forge_reversal(**changes: Any) -> str:
    fields: dict[str, Any] = {"reverses": "%(posted)s", "entered": GIVEN_BACK}
    return _life("REVERSAL", "POSTED", **{**fields, **changes})


def forge_refund(**changes: Any) -> str:
    fields: dict[str, Any] = {"parent": "%(posted)s", "entered": GIVEN_BACK}
    return _life("REFUND", "POSTED", **{**fields, **changes})


def filled_holding(attacker: Attacker, query: str) -> str:
    """The statement for the attacker's books, in which two holds are placed."""
    held, other = (
        attacker.run(HOLD, name, [attacker.source, attacker.target], [-minor, minor], None, None)[
            0
        ][0]
        for name, minor in (("held", 400), ("other", 500))
    )
    return filled(attacker, query, held=held, other=other)
