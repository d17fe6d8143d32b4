"""Fill the documents: behind the postings, which never wait for it. See docs/adr/0013."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.db import transaction as db_transaction

from web.statements import fetch_one

# Transactions in one step: half a second of work, for which a change of extra information waits.
CHUNK = 5_000
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.02

IS_BEHIND = """
SELECT (SELECT max(id) FROM transactions_transaction) > (SELECT transaction_id FROM search_mark)
"""
# Posting locks its balances first, and so has its own number before it draws that of the
# transaction it writes. `horizon` is given out after `last_id` was seen: once all before it have
# ended, no transaction up to `last_id` can appear any more.
HORIZON = """
SELECT coalesce(max(id), 0), pg_current_xact_id()::text FROM transactions_transaction
"""
HAS_PASSED = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::xid8"
# One fills at a time; for another one there is nothing to do. It waits for no change of extra
# information either, since that may take as long as it likes.
TAKE_MARK = "SELECT transaction_id FROM search_mark FOR UPDATE SKIP LOCKED"
STEP_END = """
SELECT max(id) FROM (
    SELECT id FROM transactions_transaction WHERE id > %s ORDER BY id LIMIT %s
) AS t
"""
# Words of descriptions, and none that hold figures: those would be as many as transactions.
FILL = """
WITH filled AS (
    INSERT INTO search_document (transaction_id, effective_at, created_at, actor_id, line, kind,
                                 currency, amount, text, metadata)
    SELECT transaction_id, effective_at, created_at, actor_id, line, kind, currency, amount, text,
           metadata
    FROM search_missing(%(after)s, %(upto)s)
    RETURNING line, text
), worded AS (
    INSERT INTO search_word (word)
    SELECT w.word
    FROM (
        SELECT DISTINCT word
        FROM filled, string_to_table(
            translate(
                substr(text, strpos(text, E'\\n') + 1), E'\\n\\t.,;:!?()"''/#', repeat(' ', 20)
            ),
            ' '
        ) AS word
        WHERE line = 1 AND length(word) BETWEEN 4 AND 30
    ) AS w
    WHERE w.word ~ '^[[:alpha:]-]+$'
      AND NOT EXISTS (SELECT FROM search_word AS known WHERE known.word = w.word)
    ON CONFLICT DO NOTHING
)
SELECT count(*) FILTER (WHERE line = 1) FROM filled
"""
MOVE_MARK = "UPDATE search_mark SET transaction_id = %s WHERE transaction_id < %s"
EMPTY = (
    "DELETE FROM search_document",
    "DELETE FROM search_word",
    "UPDATE search_mark SET transaction_id = 0",
)

Say = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Horizon:
    """No transaction up to `last_id` can appear, once all numbers before `number` have ended."""

    last_id: int
    number: str

    @classmethod
    def see(cls) -> Horizon:
        last_id, number = fetch_one(HORIZON) or (0, "0")
        return cls(last_id, number)

    def has_passed(self, patience_seconds: float) -> bool:
        """Whether it has, waiting for transactions under way if need be."""
        ends = time.monotonic() + patience_seconds
        while True:
            row = fetch_one(HAS_PASSED, [self.number])
            if row and row[0]:
                return True
            if time.monotonic() >= ends:
                return False
            time.sleep(PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a run did: documents for so many transactions.

    `is_complete` says whether nothing was left to others who fill. `pending` is to be handed to
    the next run, where transactions under way kept this one from passing on.
    """

    count: int
    is_complete: bool = True
    pending: Horizon | None = None


def index_documents(
    *,
    pending: Horizon | None = None,
    patience_seconds: float | None = None,
    chunk: int = CHUNK,
    progress: Say | None = None,
) -> Indexed:
    """Make the documents that are missing, `chunk` transactions at a time.

    Safe to run at any time, from any number of processes, and to be ended at any moment: one
    works, the others find nothing to do. Only how far the mark moves depends on transactions
    that are under way, for which it waits up to `patience_seconds` (`PATIENCE_SECONDS`); what
    they keep back is looked at again by the next run. `progress` is told how many transactions
    have been done.
    """
    row = fetch_one(IS_BEHIND)
    if not (row and row[0]):
        return Indexed(0)
    limit = 0
    # Within a transaction it would wait for itself.
    if not connection.in_atomic_block:
        pending = pending or Horizon.see()
        if pending.has_passed(PATIENCE_SECONDS if patience_seconds is None else patience_seconds):
            limit, pending = pending.last_id, None
    return _fill(limit, pending, chunk, progress)


def _fill(limit: int, pending: Horizon | None, chunk: int, progress: Say | None) -> Indexed:
    total, position = 0, None
    while True:
        step = _fill_step(position, limit, chunk)
        if step is None:
            return Indexed(total, is_complete=False, pending=pending)
        count, position = step
        total += count
        if position is None:
            return Indexed(total, pending=pending)
        if progress:
            progress(total)


def _fill_step(position: int | None, limit: int, chunk: int) -> tuple[int, int | None] | None:
    """How many were made, and up to where; no place at the end, None if others are at it."""
    with db_transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_MARK)
        row = cursor.fetchone()
        # Whoever began anew has put it back behind what we have done.
        if row is None or row[0] < min(position or 0, limit):
            return None
        after = max(row[0], position or 0)
        cursor.execute(STEP_END, [after, chunk])
        (upto,) = cursor.fetchone()
        if upto is None:
            return 0, None
        cursor.execute(FILL, {"after": after, "upto": upto})
        (count,) = cursor.fetchone()
        passed = min(upto, limit)
        cursor.execute(MOVE_MARK, [passed, passed])
        return int(count), upto


def forget_documents() -> None:
    """Empty the copy, to be filled anew; what is found is right meanwhile, and slower."""
    with db_transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM search_mark FOR UPDATE")
        for statement in EMPTY:
            cursor.execute(statement)
