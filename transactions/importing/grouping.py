"""Bringing together the rows of a file that share a reference, in little memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

from transactions.importing.reading import Row

# References share a slot once in a while; then their rows wait without need, and no more.
SLOTS = 1 << 24
SLOTS_OF_SMALL = 1 << 18
ONCE, SCATTERED = 1, 2


class Group(NamedTuple):
    """The rows of one reference in the order of the file; a row without one stands alone.

    A group longer than any transaction may be comes in pieces: `is_whole` is
    then false on each.
    """

    reference: str
    rows: list[Row]
    is_whole: bool = True


def group_rows(
    rows: Iterable[tuple[str, Row]], overview: Overview, *, rows_max: int
) -> Iterator[Group]:
    """Each reference's rows as one group, wherever in the file they stand.

    Rows come with their reference. Those of references that come back after
    others wait in a temporary file until the end. A group of more than
    `rows_max` rows comes in pieces.
    """
    with closing(_Waiting()) as waiting:

        def together() -> Iterator[tuple[str, Row]]:
            for reference, row in rows:
                if reference and overview.is_scattered(reference):
                    waiting.add(reference, row)
                else:
                    yield reference, row

        yield from _runs(together() if overview.has_scattered else rows, rows_max)
        yield from _runs(waiting.rows(), rows_max)


class Overview:
    """What a first reading of a file's rows tells: how many, and which are scattered."""

    def __init__(self, rows: Iterable[tuple[str, Row]], *, is_small: bool = False) -> None:
        self.row_count = 0
        self.has_scattered = False
        # For each slot, whether one run of rows has its references, or more than one.
        slots = bytearray(SLOTS_OF_SMALL if is_small else SLOTS)
        self._slots = slots
        slot_count = len(slots)
        before = ""
        for self.row_count, (reference, _row) in enumerate(rows, start=1):
            if reference != before and reference:
                slot = hash(reference) % slot_count
                if slots[slot]:
                    slots[slot] = SCATTERED
                    self.has_scattered = True
                else:
                    slots[slot] = ONCE
            before = reference

    def is_scattered(self, reference: str) -> bool:
        return self._slots[hash(reference) % len(self._slots)] == SCATTERED


def _runs(rows: Iterable[tuple[str, Row]], rows_max: int) -> Iterator[Group]:
    current, is_whole = "", True
    run: list[Row] = []
    for reference, row in rows:
        if run and (reference != current or not reference):
            yield Group(current, run, is_whole)
            run, is_whole = [], True
        elif len(run) > rows_max:
            yield Group(current, run, is_whole=False)
            run, is_whole = [], False
        current = reference
        run.append(row)
    if run:
        yield Group(current, run, is_whole)


class _Waiting:
    """Rows put aside on disk, given back by reference."""

    def __init__(self) -> None:
        # What one thread has begun to read, another may close.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE row (reference, line INTEGER, cells)")

    def add(self, reference: str, row: Row) -> None:
        self._database.execute(
            "INSERT INTO row VALUES (?, ?, ?)", [reference, row.line, json.dumps(row.cells)]
        )

    def rows(self) -> Iterator[tuple[str, Row]]:
        for reference, line, cells in self._database.execute(
            "SELECT reference, line, cells FROM"
            " (SELECT *, min(line) OVER (PARTITION BY reference) AS first FROM row)"
            " ORDER BY first, line"
        ):
            yield reference, Row(line, json.loads(cells))

    def close(self) -> None:
        self._database.close()
