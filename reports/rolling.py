"""Roll entries up into day totals: behind the postings, which never wait for it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import connection
from django.db import transaction as db_transaction

from web.statements import fetch_one

# Entries in one transaction: a second or two of work; more where millions wait, since a day that
# many of them touch is then written fewer times (ten million transactions: six times as fast).
CHUNK = 50_000
CHUNK_MAX = 1_000_000
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
    "DELETE FROM reports_currencydaytotal",
    "DELETE FROM reports_ledgercurrency",
    "DELETE FROM reports_recordedday",
    "UPDATE reports_rollmark SET entry_id = 0",
)

# What new entries add to the days of balances.
ADDED_BY_ENTRIES = """
    SELECT e.balance_id, (e.effective_at AT TIME ZONE 'UTC')::date AS day,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 1), 0) AS credit_minor,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = -1), 0) AS debit_minor,
           count(*) AS entry_count
    FROM transactions_entry AS e
    WHERE e.id > %s AND e.id <= %s
    GROUP BY e.balance_id, day
"""
# What the new rows of a finer table add to the days of a coarser one. Totals stand for all later
# days too, and so does what a net on the credit side has moved by: a day adds the difference to
# the day before.
ADDED_BY_FINER = """
    SELECT {names}, f.day, sum(f.added_credit_minor) AS credit_minor,
           sum(f.added_debit_minor) AS debit_minor, sum(f.added_entry_count) AS entry_count,
           sum(f.net_credit_moved - f.net_credit_moved_before) AS net_credit_minor
    FROM (
        SELECT n.*, coalesce(lag(n.net_credit_moved) OVER days, 0) AS net_credit_moved_before
        FROM {finer}_new AS n
        WINDOW days AS (PARTITION BY {finer_names} ORDER BY n.day)
    ) AS f
    {join}
    GROUP BY {names}, f.day
"""
# What is added to a day goes onto its row, which is made from the row before it where there is
# none, and onto the rows of all later days.
LEVEL = """
{level}_added AS MATERIALIZED ({added}),
{level}_days AS (
    SELECT {names}, day FROM {level}_added
    UNION
    SELECT {names}, later.day
    FROM (SELECT {names}, min(day) AS day FROM {level}_added GROUP BY {names}) AS touched
    JOIN {table} AS later USING ({names})
    WHERE later.day > touched.day
),
{level}_new AS MATERIALIZED (
    SELECT n.*, greatest(n.credit_minor - n.debit_minor, 0)
                - greatest(n.kept_net_minor, 0) AS net_credit_moved
    FROM (
        SELECT {names}, day, {totals},
               coalesce(added.credit_minor, 0) AS added_credit_minor,
               coalesce(added.debit_minor, 0) AS added_debit_minor,
               coalesce(added.entry_count, 0) AS added_entry_count,
               coalesce(kept.credit_minor - kept.debit_minor, 0) AS kept_net_minor
        FROM {level}_days AS days
        LEFT JOIN {level}_added AS added USING ({names}, day)
        LEFT JOIN LATERAL (
            SELECT {columns} FROM {table} AS t
            WHERE ({t_names}) = ({days_names}) AND t.day <= days.day
            ORDER BY t.day DESC LIMIT 1
        ) AS kept ON true
        WINDOW so_far AS (PARTITION BY {names} ORDER BY day)
    ) AS n
),
{level}_written AS (
    INSERT INTO {table} ({names}, day, {columns})
    SELECT {names}, day, {columns} FROM {level}_new
    ON CONFLICT ({names}, day) DO UPDATE SET {updates}
)
"""
ROLL_CURRENCIES = """
INSERT INTO reports_ledgercurrency AS kept (ledger_id, currency, first_day)
SELECT e.ledger_id, b.currency, (min(e.effective_at) AT TIME ZONE 'UTC')::date
FROM transactions_entry AS e JOIN balances_balance AS b ON b.id = e.balance_id
WHERE e.id > %s AND e.id <= %s
GROUP BY e.ledger_id, b.currency
ON CONFLICT (ledger_id, currency) DO UPDATE SET first_day = excluded.first_day
WHERE excluded.first_day < kept.first_day
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


def _level(
    level: str, table: str, names: tuple[str, ...], added: str, columns: tuple[str, ...]
) -> str:
    totals = "coalesce(kept.{0}, 0) + sum(coalesce(added.{0}, 0)) OVER so_far AS {0}"
    return LEVEL.format(
        level=level,
        table=table,
        added=added,
        names=", ".join(names),
        t_names=", ".join(f"t.{name}" for name in names),
        days_names=", ".join(f"days.{name}" for name in names),
        totals=", ".join(totals.format(column) for column in columns),
        columns=", ".join(columns),
        updates=", ".join(f"{column} = excluded.{column}" for column in columns),
    )


SUMS = ("credit_minor", "debit_minor", "entry_count")
SUMS_AND_NET = (*SUMS, "net_credit_minor")
LEVELS = (
    _level("balance", "reports_daytotal", ("balance_id",), ADDED_BY_ENTRIES, SUMS),
    _level(
        "ledger",
        "reports_ledgerdaytotal",
        ("ledger_id", "currency"),
        ADDED_BY_FINER.format(
            names="ledger_id, currency",
            finer="balance",
            finer_names="n.balance_id",
            join="JOIN balances_balance AS b ON b.id = f.balance_id",
        ),
        SUMS_AND_NET,
    ),
    _level(
        "currency",
        "reports_currencydaytotal",
        ("currency",),
        ADDED_BY_FINER.format(
            names="currency", finer="ledger", finer_names="n.ledger_id, n.currency", join=""
        ),
        SUMS_AND_NET,
    ),
)
STATEMENTS = (
    f"WITH {','.join(LEVELS)} SELECT",
    ROLL_CURRENCIES,
    ROLL_RECORDED,
)


@dataclass(frozen=True, slots=True)
class Rolled:
    """What a run did. `is_complete` says whether all entries of its beginning are rolled up."""

    entry_count: int
    is_complete: bool


def roll_up_days(*, patience_seconds: float | None = None, chunk: int | None = None) -> Rolled:
    """Bring the day totals up to the entries that stand now.

    `chunk` of them at a time; by itself it takes `CHUNK`, and up to `CHUNK_MAX` when many wait.

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


def _roll_chunk(last_id: int, chunk: int | None) -> int | None:
    """How many entries were rolled up; 0 when all up to `last_id` are, None if another rolls."""
    with db_transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_MARK)
        mark = cursor.fetchone()
        if mark is None:
            return None
        size = chunk or max(CHUNK, min((last_id - mark[0]) // 20, CHUNK_MAX))
        cursor.execute(CHUNK_END, [mark[0], last_id, size])
        count, end = cursor.fetchone()
        if count:
            for statement in STATEMENTS:
                cursor.execute(statement, [mark[0], end])
            cursor.execute(MOVE_MARK, [end])
        return int(count)
