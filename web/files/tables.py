"""A table that is to become a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from web.formatting import format_count

# What is written while a person waits: half a minute at most. CSV is the quickest.
ROWS_MAX = {"xlsx": 200_000, "pdf": 10_000}

_NUMBER = re.compile(r"(-?\d+(\.\d+)?)?", re.ASCII)


class TooManyRowsError(ValueError):
    """The format does not hold so many rows; the message says so, for the user."""


@dataclass(frozen=True, slots=True)
class Column:
    """Cells of a number column are plain numbers (`-17100.00`) or empty."""

    name: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    cells: Sequence[str]
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says: `totals` becomes the last row, set apart where the format can.

    A CSV file holds the heads and the rows alone: a title above them would be in the way of
    the program that reads it.
    """

    title: str
    subtitle: Sequence[str]
    columns: Sequence[Column]
    rows: Iterable[Sequence[str]]
    totals: Sequence[str] | None = None

    def read(self, kind: str) -> Iterator[Row]:
        """Every row once, checked, for a file of this kind.

        Raises:
            TooManyRowsError: there are more than the format holds.
            ValueError: a row has other columns, or no plain number where one belongs.
        """
        count = 0
        for count, cells in enumerate(self.rows, 1):
            check_row_count(count, kind=kind)
            yield self._checked(Row(cells))
        if self.totals is not None:
            yield self._checked(Row(self.totals, is_total=True))

    def _checked(self, row: Row) -> Row:
        for cell, column in zip(row.cells, self.columns, strict=True):
            if column.is_number and not _NUMBER.fullmatch(cell):
                raise ValueError(f"No plain number: {cell!r}")
        return row


def check_row_count(count: int, *, kind: str) -> None:
    """Refuse a table that a file of this kind does not hold.

    Raises:
        TooManyRowsError: it is longer than `ROWS_MAX` allows.
    """
    most = ROWS_MAX.get(kind)
    if most is not None and count > most:
        raise TooManyRowsError(
            _("A %(kind)s file holds at most %(most)s lines.")
            % {"kind": kind.upper(), "most": format_count(most)}
        )
