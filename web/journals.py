"""Which rows of a table were changed by what was added to another, read once for all who show them.

An entry changes the figures of its balance and of its ledger, an audit event says that a record has
another name. Each process reads what is added as soon as somebody asks, and keeps it as far back as
those reach who ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from django.db import connection

from web.marks import SPAN, WINDOW, Mark
from web.statements import fetch_all

COUNT = "SELECT count(*) FROM (SELECT FROM {table} WHERE id > %s LIMIT %s) AS added"
# One row may change many, as the new name of a ledger does all its balances.
ADDED = """
SELECT added.id, changed.id FROM {table} AS added
CROSS JOIN LATERAL (SELECT each.id FROM ({changes}) AS each (id) LIMIT %(most)s) AS changed
WHERE (added.id > %(newest)s AND added.id <= %(now)s OR added.id = ANY (%(missing)s))
  AND changed.id IS NOT NULL
ORDER BY added.id LIMIT %(most)s
"""


def by_column(column: str) -> str:
    """Which row a row that is `added` changes: the one that this column of it names."""
    return f"SELECT added.{column}"


class Journal:
    """The newest rows of a database table by the rows of another that each changes."""

    def __init__(self, table: str, changes: str) -> None:
        quoted = connection.ops.quote_name
        self._sql = ADDED.format(table=quoted(table), changes=changes)
        self._count_sql = COUNT.format(table=quoted(table))
        self._lock = Lock()
        self._since = self._until = Mark()
        self._about: dict[int, set[int]] = {}
        self._read: list[tuple[int, int]] = []
        # More than SPAN rows have come after this id, or were changed.
        self._far_back = -1

    def changed(self, rows: Sequence[int], since: Mark, now: Mark) -> set[int] | None:
        """Those of the rows that something was added about; None if too much was."""
        if now == since or not rows:
            return set()
        with self._lock:
            if self._is_far_back(since, now) or not self._reach(since, now):
                return None
            return {row for row in rows if any(map(since.lacks, self._about.get(row, ())))}

    def touched(self, since: Mark, now: Mark) -> set[int] | None:
        """All rows that something was added about; None if too much was."""
        if now == since:
            return set()
        with self._lock:
            if self._is_far_back(since, now) or not self._reach(since, now):
                return None
            found = set()
            for pk, row in reversed(self._read):
                # What was read after `since` had been seen is at most so far below it.
                if pk < since.newest - WINDOW:
                    break
                if since.lacks(pk):
                    found.add(row)
            return found

    def _is_far_back(self, since: Mark, now: Mark) -> bool:
        """Whether too much was added; rows that share their ids with another table are counted."""
        if now.newest - since.newest > SPAN and since.newest > self._far_back:
            ((added,),) = fetch_all(self._count_sql, [since.newest, SPAN + 1])
            if added > SPAN:
                self._far_back = since.newest
        return since.newest <= self._far_back

    def _reach(self, since: Mark, now: Mark) -> bool:
        """Read on to `now`; from `since`, if what is kept begins later, or has become too much.

        False if what was changed by now is too much to be kept.
        """
        begins_before = self._since == since or self._since.newest < since.newest
        is_near = now.newest - self._until.newest <= SPAN
        if not (begins_before and is_near and len(self._read) <= 2 * SPAN):
            self._begin(since)
        if self._until != now and self._until.newest <= now.newest:
            asked = {
                "newest": self._until.newest,
                "missing": self._until.missing(),
                "now": now.newest,
                "most": SPAN + 1,
            }
            added = fetch_all(self._sql, asked)
            if len(added) > SPAN:
                self._far_back = now.newest - 1
                self._begin(now)
                return since.newest > self._far_back
            for pk, row in added:
                self._about.setdefault(row, set()).add(pk)
                self._read.append((pk, row))
            self._until = now
        return True

    def _begin(self, since: Mark) -> None:
        self._since = self._until = since
        self._about, self._read = {}, []
