"""Roll entries up into day totals: behind the postings, which never wait for it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import connection
from django.db import transaction as db_transaction

from web.statements import fetch_one

# Entries in one transaction: a second or two of work.
CHUNK = 50_000
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.02

# An entry id is drawn by a transaction that has its own number already, since posting locks the
# balances first. `horizon` is a number that is given out after `last_id` was seen: so once all
# transactions before it have ended, no entry up to `last_id` can appear any more. (The end of a
# snapshot would not do: it is the last number that has ended, not the last that was given out.)
HORIZON = """
SELECT coalesce(max(id), 0) AS last_id, pg_current_xact_id()::text AS horizon
FROM transactions_entry
"""
HAS_PASSED = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::xid8"
# One rolls at a time; for another one there is nothing to do.
TAKE_MARK = "SELECT entry_id FROM reports_rollmark FOR UPDATE SKIP LOCKED"
CHUNK_END = """
SELECT count(*), max(id) FROM (
    SELECT id FROM transactions_entry WHERE id > %s AND id <= %s ORDER BY id LIMIT %s
) AS e
"""
MOVE_MARK = "UPDATE reports_rollmark SET entry_id = %s"
EMPTY = (
    "DELETE FROM reports_daytotal",
    "DELETE FROM reports_ledgerdaytotal",
    "DELETE FROM reports_ledgercurrency",
    "DELETE FROM reports_recordedday",
    "UPDATE reports_rollmark SET entry_id = 0",
)

# What new entries add to each day goes onto the row of that day, which is made from the row
# before it where there is none, and onto the rows of all later days.
ROLL = """
WITH delta AS MATERIALIZED (
    SELECT {columns}, (e.effective_at AT TIME ZONE 'UTC')::date AS day,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0) AS credit_minor,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0) AS debit_minor,
           count(*) AS entry_count
    FROM {source}
    WHERE e.id > %s AND e.id <= %s
    GROUP BY {columns}, day
),
touched AS (SELECT {names}, min(day) AS day FROM delta GROUP BY {names}),
days AS (
    SELECT {names}, day FROM delta
    UNION
    SELECT {names}, later.day
    FROM touched JOIN {table} AS later USING ({names})
    WHERE later.day > touched.day
)
INSERT INTO {table} ({names}, day, credit_minor, debit_minor, entry_count)
SELECT {names}, day,
       coalesce(kept.credit_minor, 0) + sum(coalesce(delta.credit_minor, 0)) OVER so_far,
       coalesce(kept.debit_minor, 0) + sum(coalesce(delta.debit_minor, 0)) OVER so_far,
       coalesce(kept.entry_count, 0) + sum(coalesce(delta.entry_count, 0)) OVER so_far
FROM days
LEFT JOIN delta USING ({names}, day)
LEFT JOIN LATERAL (
    SELECT t.credit_minor, t.debit_minor, t.entry_count FROM {table} AS t
    WHERE ({t_names}) = ({days_names}) AND t.day <= days.day
    ORDER BY t.day DESC LIMIT 1
) AS kept ON true
WINDOW so_far AS (PARTITION BY {names} ORDER BY day)
ON CONFLICT ({names}, day) DO UPDATE
SET credit_minor = excluded.credit_minor, debit_minor = excluded.debit_minor,
    entry_count = excluded.entry_count
"""
ENTRIES = "transactions_entry AS e"
WITH_CURRENCY = "transactions_entry AS e JOIN balances_balance AS b ON b.id = e.balance_id"
ROLL_CURRENCIES = """
INSERT INTO reports_ledgercurrency (ledger_id, currency)
SELECT DISTINCT e.ledger_id, b.currency
FROM transactions_entry AS e JOIN balances_balance AS b ON b.id = e.balance_id
WHERE e.id > %s AND e.id <= %s
ON CONFLICT DO NOTHING
"""
ROLL_RECORDED = """
INSERT INTO reports_recordedday AS kept (day, first_entry_id)
SELECT (t.created_at AT TIME ZONE 'UTC')::date AS day, min(e.id)
FROM transactions_entry AS e JOIN transactions_transaction AS t ON t.id = e.transaction_id
WHERE e.id > %s AND e.id <= %s
GROUP BY 1
ON CONFLICT (day) DO UPDATE
SET first_entry_id = least(kept.first_entry_id, excluded.first_entry_id)
"""


def _roll_sql(table: str, source: str, names: tuple[str, ...], columns: tuple[str, ...]) -> str:
    return ROLL.format(
        table=table,
        source=source,
        columns=", ".join(columns),
        names=", ".join(names),
        t_names=", ".join(f"t.{name}" for name in names),
        days_names=", ".join(f"days.{name}" for name in names),
    )


STATEMENTS = (
    _roll_sql("reports_daytotal", ENTRIES, ("balance_id",), ("e.balance_id",)),
    _roll_sql(
        "reports_ledgerdaytotal",
        WITH_CURRENCY,
        ("ledger_id", "currency"),
        ("e.ledger_id", "b.currency"),
    ),
    ROLL_CURRENCIES,
    ROLL_RECORDED,
)


@dataclass(frozen=True, slots=True)
class Rolled:
    """What a run did. `is_complete` says whether all entries of its beginning are rolled up."""

    entry_count: int
    is_complete: bool


def roll_up_days(*, patience_seconds: float | None = None, chunk: int = CHUNK) -> Rolled:
    """Bring the day totals up to the entries that stand now, `chunk` of them at a time.

    Safe to run at any time, from any number of processes: one of them works, the others find
    nothing to do. It waits up to `patience_seconds` (`PATIENCE_SECONDS`) for transactions that are
    under way on the server, and leaves the work to the next run when they take longer. Within a
    transaction it does nothing: that one would have to end first.
    """
    if connection.in_atomic_block:
        return Rolled(0, is_complete=False)
    last_id, horizon = fetch_one(HORIZON) or (0, "0")
    if not _has_passed(horizon, PATIENCE_SECONDS if patience_seconds is None else patience_seconds):
        return Rolled(0, is_complete=False)
    total = 0
    while True:
        count = _roll_chunk(last_id, chunk)
        if not count:
            return Rolled(total, is_complete=count is not None)
        total += count


def forget_days() -> None:
    """Empty the day totals, to be filled anew; figures are right meanwhile, and slower."""
    with db_transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT entry_id FROM reports_rollmark FOR UPDATE")
        for statement in EMPTY:
            cursor.execute(statement)


def _has_passed(horizon: str, patience_seconds: float) -> bool:
    """Whether all transactions before `horizon` have ended, waiting for them if need be."""
    ends = time.monotonic() + patience_seconds
    while True:
        row = fetch_one(HAS_PASSED, [horizon])
        if row and row[0]:
            return True
        if time.monotonic() > ends:
            return False
        time.sleep(PAUSE_SECONDS)


def _roll_chunk(last_id: int, chunk: int) -> int | None:
    """How many entries were rolled up; 0 when all up to `last_id` are, None if another rolls."""
    with db_transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_MARK)
        mark = cursor.fetchone()
        if mark is None:
            return None
        cursor.execute(CHUNK_END, [mark[0], last_id, chunk])
        count, end = cursor.fetchone()
        if count:
            for statement in STATEMENTS:
                cursor.execute(statement, [mark[0], end])
            cursor.execute(MOVE_MARK, [end])
        return int(count)
