"""Possible duplicates: postings and holds with the parties, amounts and day of an earlier one.

They are found behind the postings, each once, from where the last search ended; what a person has
said of them, and what was taken back since, is asked when they are read.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from django.db import connection
from django.db import transaction as db_transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now

from audit.recording import record
from reports.models import Lookalike
from transactions.models import Hold, Transaction
from web.counting import EXACT_MAX, say_up_to
from web.standing import Statement

if TYPE_CHECKING:
    from users.models import User

CHUNK = 20_000
CHUNKS_MAX = 20
# A party's newest lines of a day that are looked at.
READ_MAX = 500
# What comes more often on a day is usual, and no mistake.
USUAL = 20
# Older ones are not told of any more.
RECENT = timedelta(days=30)

# One searches at a time. What is rolled up is all there is up to there: see `reports.rolling`. A
# hold is reached with the next posting.
TAKE_MARK = """
SELECT m.entry_id, (SELECT entry_id FROM reports_rollmark)
FROM reports_lookalikemark AS m FOR UPDATE SKIP LOCKED
"""
MOVE_MARK = "UPDATE reports_lookalikemark SET entry_id = %s"
LINES = """string_agg(concat_ws(' ', l.balance_id, l.direction, l.amount_minor), ','
                      ORDER BY l.balance_id, l.direction, l.amount_minor)"""
LINES_OF_T = """
        SELECT e.balance_id, e.direction, e.amount_minor,
               (SELECT transaction_count FROM balances_balance WHERE id = e.balance_id) AS often
        FROM (
            SELECT balance_id, direction, amount_minor FROM transactions_entry
            WHERE transaction_id = t.id
            UNION ALL
            SELECT balance_id, direction, amount_minor FROM transactions_reservation
            WHERE transaction_id = t.id AND t.kind = 'HOLD'
        ) AS e
"""
# Of each new event the line on its quietest balance is sought among the others of its day there.
FIND = f"""
WITH fresh AS MATERIALIZED (
    SELECT DISTINCT transaction_id FROM (
        SELECT transaction_id FROM transactions_entry WHERE id > %(after)s AND id <= %(end)s
        UNION ALL
        SELECT transaction_id FROM transactions_reservation
        WHERE id > %(after)s AND id <= %(end)s AND kind = 'HOLD'
    ) AS f
), sought AS MATERIALIZED (
    SELECT t.id, q.balance_id, q.direction, q.amount_minor, a.lines,
           date_trunc('day', t.effective_at, 'UTC') AS day
    FROM fresh AS f
    JOIN transactions_transaction AS t ON t.id = f.transaction_id
    CROSS JOIN LATERAL (
        SELECT * FROM ({LINES_OF_T}) AS l
        ORDER BY l.often, l.balance_id, l.direction, l.amount_minor LIMIT 1
    ) AS q
    CROSS JOIN LATERAL (SELECT {LINES} AS lines FROM ({LINES_OF_T}) AS l) AS a
    WHERE t.kind IN ('POST', 'HOLD') AND t.parent_id IS NULL AND t.reverses_id IS NULL
)
INSERT INTO reports_lookalike (transaction_id, earlier_id)
SELECT s.id, same.earlier_id
FROM sought AS s
CROSS JOIN LATERAL (
    SELECT max(t.id) AS earlier_id, count(*) AS times
    FROM (
        SELECT DISTINCT n.transaction_id FROM (
            (SELECT transaction_id, direction, amount_minor FROM transactions_entry
             WHERE balance_id = s.balance_id AND effective_at >= s.day
               AND effective_at < s.day + interval '1 day'
             ORDER BY effective_at DESC, id DESC LIMIT %(read)s)
            UNION ALL
            (SELECT transaction_id, direction, amount_minor FROM transactions_reservation
             WHERE balance_id = s.balance_id AND effective_at >= s.day
               AND effective_at < s.day + interval '1 day' AND kind = 'HOLD'
             ORDER BY effective_at DESC, id DESC LIMIT %(read)s)
        ) AS n
        WHERE n.direction = s.direction AND n.amount_minor = s.amount_minor
          AND n.transaction_id < s.id
    ) AS n
    JOIN transactions_transaction AS t ON t.id = n.transaction_id
    CROSS JOIN LATERAL (SELECT {LINES} AS lines FROM ({LINES_OF_T}) AS l) AS q
    WHERE t.kind IN ('POST', 'HOLD') AND t.parent_id IS NULL AND t.reverses_id IS NULL
      AND q.lines = s.lines
) AS same
WHERE same.times BETWEEN 1 AND %(usual)s
ON CONFLICT DO NOTHING
"""  # noqa: S608 -- constants


class NoLookalikeError(LookupError):
    """It does not look like another."""


def find_lookalikes(*, chunk: int = CHUNK) -> None:
    """Look at what was rolled up since the last time; the rest is left to the next run.

    Safe to run at any time, from any number of processes.
    """
    for _number in range(CHUNKS_MAX):
        if not _search_chunk(chunk):
            break


def _search_chunk(chunk: int) -> bool:
    """Whether more may be left."""
    with db_transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_MARK)
        mark = cursor.fetchone()
        if mark is None or mark[0] >= mark[1]:
            return False
        end = min(mark[0] + chunk, mark[1])
        cursor.execute(FIND, {"after": mark[0], "end": end, "read": READ_MAX, "usual": USUAL})
        cursor.execute(MOVE_MARK, [end])
    return True


def open_lookalikes() -> QuerySet[Lookalike]:
    """Recent ones of which nobody has said anything, and neither of which was taken back."""
    recent = Lookalike.objects.filter(dismissed_at=None, found_at__gt=Now() - RECENT)
    for name in ("transaction", "earlier"):
        reversals = Transaction.objects.filter(reverses=OuterRef(name))
        released = Hold.objects.filter(transaction=OuterRef(name), released_minor=F("total_minor"))
        recent = recent.filter(~Exists(reversals), ~Exists(released))
    return recent


def count_open() -> str:
    """How many of these there are, as `web.counting` says it."""
    return say_up_to(_up_to_maximum().count())


@cache
def _up_to_maximum() -> Statement:
    """They are always asked for alike: Django writes it once, which takes longer than counting."""
    return Statement.of(open_lookalikes().values("transaction_id")[: EXACT_MAX + 1])


def dismiss(transaction: Transaction, *, actor: User) -> None:
    """Say that it is no duplicate; said again, it changes nothing.

    Raises:
        NoLookalikeError: it does not look like another.
    """
    with db_transaction.atomic():
        rows = Lookalike.objects.select_for_update().select_related("earlier")
        found = rows.filter(transaction=transaction).first()
        if found is None:
            raise NoLookalikeError
        if found.dismissed_at is not None:
            return
        Lookalike.objects.filter(pk=found.pk).update(dismissed_at=Now(), dismissed_by=actor)
        record(
            actor=actor,
            action="transaction.dismissed",
            subject=transaction.key,
            after={"earlier": found.earlier.key},
        )
