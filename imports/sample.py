"""The first rows of an uploaded file, from which a person says how it is read."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from imports.dates import find_styles
from transactions.importing.loading import ENCODINGS
from transactions.importing.mapping import plain_header
from transactions.importing.reading import (
    HEADER_ROWS_MAX,
    SourceError,
    find_encoding,
    read_rows,
)

if TYPE_CHECKING:
    from imports.models import Import

DELIMITERS = (",", ";", "\t", "|")
ROWS_MAX = 200
# A form names each several times, and takes a thousand values.
COLUMNS_MAX = 200
# A date, a time, an amount with its sign: figures without a word beside them.
_FIGURE = re.compile(r"[\W_]*\d[\W\d_]*")


@dataclass(frozen=True, slots=True)
class Sample:
    """How a file is written, its headers, and its first rows that hold anything.

    Every row has a cell for each header. Runs of spaces are one, as the import reads them.
    """

    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The headers that a column can be named by: those that hold anything."""
        return tuple(header for header in self.headers if plain_header(header))

    def texts(self, header: str) -> list[str]:
        """What stands in the column below this header, without empty cells."""
        place = self.headers.index(header)
        return [row[place] for row in self.rows if row[place]]


def read_sample(import_: Import) -> Sample:
    """Read the first rows of an import's file.

    Raises:
        SourceError: it is no table of text with a header over each column; the message says
            why, to a person.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(import_.content)
        file.flush()
        path = Path(file.name)
        try:
            encoding = find_encoding(path, ENCODINGS)
        except SourceError:
            raise SourceError(
                _("This file is not text in a known encoding. Save it as CSV in UTF-8.")
            ) from None
        delimiter, rows = _read_table(path, encoding)
    if any("\0" in cell for row in rows for cell in row):
        raise SourceError(_("This file is not text. Save it as CSV in UTF-8."))
    place = _find_header(rows)
    headers = tuple(cell.strip("\ufeff ") for cell in rows[place])
    _check_headers(headers)
    width = len(headers)
    below = [row for row in rows[place + 1 :] if any(row)]
    return Sample(
        encoding=encoding,
        delimiter=delimiter,
        headers=headers,
        rows=tuple(_fit(row, width) for row in below[:ROWS_MAX]),
    )


def _read_table(path: Path, encoding: str) -> tuple[str, list[list[str]]]:
    """The delimiter that makes the most rows of one width, and the rows so read."""
    tables = {each: _read_first(path, encoding, each) for each in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda each: _evenness(tables[each]))
    if _evenness(tables[delimiter]) == (0, 0):
        raise SourceError(
            _("This file is no table: there are no columns between commas, semicolons or tabs.")
        )
    return delimiter, tables[delimiter]


def _read_first(path: Path, encoding: str, delimiter: str) -> list[list[str]]:
    rows = (row for row in read_rows(path, encoding, delimiter) if not row.problem)
    first = islice(rows, HEADER_ROWS_MAX + ROWS_MAX)
    return [[" ".join(cell.split()) for cell in row.cells] for row in first]


def _evenness(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many rows have the width of most, and that width; a single column is no table."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _find_header(rows: Sequence[Sequence[str]]) -> int:
    """The place of the first row, of those that may hold it, with the most words."""
    candidates = rows[:HEADER_ROWS_MAX]
    words = [sum(bool(cell) and not _FIGURE.fullmatch(cell) for cell in row) for row in candidates]
    place = words.index(max(words))
    # A column may be called 2026, but no date of one day.
    if words[place] < 2 or any(find_styles([cell]) for cell in candidates[place]):
        raise SourceError(
            _("This file has no header. Write the name of each column into its first row.")
        )
    return place


def _check_headers(headers: Sequence[str]) -> None:
    if len(headers) > COLUMNS_MAX:
        raise SourceError(
            _("This file has more than %(count)d columns. Remove those that are not needed.")
            % {"count": COLUMNS_MAX}
        )
    seen: set[str] = set()
    for header in headers:
        plain = plain_header(header)
        if plain in seen:
            raise SourceError(
                _("Two columns have the header “%(header)s”. Give each its own name in the file.")
                % {"header": header}
            )
        seen |= {plain} - {""}


def _fit(row: Sequence[str], width: int) -> tuple[str, ...]:
    return (*row[:width], *[""] * (width - len(row)))
