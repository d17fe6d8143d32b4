"""A table that is to become a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from web.formatting import format_count

# A PDF is laid out in memory, while a person waits.
ROWS_MAX = {"pdf": 10_000}

# Writers hand over pieces of about so many bytes.
CHUNK = 64 * 1024

_NUMBER = re.compile(r"(-?\d+(\.\d+)?)?", re.ASCII)


class TooManyRowsError(ValueError):
    """The format does not hold so many rows; the message says so, for the user."""


@dataclass(frozen=True, slots=True)
class Column:
    """Cells of a number column are plain numbers (`-17100.00`) or empty.

    `key` is its name in JSON Lines, which a translation of `name` does not change.
    """

    name: str
    is_number: bool = False
    key: str = ""


class Row(NamedTuple):
    cells: Sequence[str]
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says: `totals` become the last rows, set apart where the format can.

    A CSV file holds the heads and the rows alone: a title above them would be in the way of
    the program that reads it. `totals` are read after the last of the `rows`.
    """

    title: str
    subtitle: Sequence[str]
    columns: Sequence[Column]
    rows: Iterable[Sequence[str]]
    totals: Iterable[Sequence[str]] = ()

    def read(self, kind: str) -> Iterator[Row]:
        """Every row once, checked, for a file of this kind.

        Raises:
            TooManyRowsError: there are more than the format holds.
            ValueError: a row has other columns, or no plain number where one belongs.
        """
        most = ROWS_MAX.get(kind)
        width = len(self.columns)
        numbers = [place for place, column in enumerate(self.columns) if column.is_number]
        for count, cells in enumerate(self.rows, 1):
            if most is not None and count > most:
                raise TooManyRowsError(
                    _("A %(kind)s file holds at most %(most)s lines.")
                    % {"kind": kind.upper(), "most": format_count(most)}
                )
            yield Row(_checked(cells, width, numbers))
        for cells in self.totals:
            yield Row(_checked(cells, width, numbers), is_total=True)


def _checked(cells: Sequence[str], width: int, numbers: Sequence[int]) -> Sequence[str]:
    if len(cells) != width:
        raise ValueError(f"{len(cells)} cells in {width} columns")
    for place in numbers:
        if not _NUMBER.fullmatch(cells[place]):
            raise ValueError(f"No plain number: {cells[place]!r}")
    return cells
