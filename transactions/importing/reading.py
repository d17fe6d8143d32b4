"""Reading the rows of CSV files: encodings, headers, and lines that are not CSV."""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

from transactions.importing.mapping import Column, ImportMapping, plain_header

HEADER_ROWS_MAX = 30
# A row of more lines is an opening quote that someone forgot to close.
ROW_LINES_MAX = 100
BLOCK_BYTES = 1 << 20
SMALL_BYTES = 4 << 20


class SourceError(Exception):
    """A file cannot be imported at all; the message names it and the reason."""


class Row(NamedTuple):
    """A row as it stands in the file, `line` being the first line it stands on."""

    line: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose encoding and header are known.

    `places` tells in which cell each column of the mapping stands; `unused`
    are the headers that no column names.
    """

    path: Path
    encoding: str
    delimiter: str
    header_line: int
    headers: tuple[str, ...]
    places: Mapping[str, int]
    unused: tuple[str, ...]

    @property
    def is_small(self) -> bool:
        """Whether its rows may all be held at once."""
        return self.path.stat().st_size <= SMALL_BYTES

    def rows(self) -> Iterator[Row]:
        """Every row below the header that holds anything, in order, one at a time."""
        rows = read_rows(self.path, self.encoding, self.delimiter)
        width = len(self.headers)
        for row in rows:
            if row.line <= self.header_line:
                continue
            if len(row.cells) > width and not row.problem and any(row.cells[width:]):
                yield Row(row.line, row.cells, self._too_wide(len(row.cells)))
            else:
                yield row

    def _too_wide(self, count: int) -> str:
        return _("the row has %(count)d columns, the header %(width)d") % {
            "count": count,
            "width": len(self.headers),
        }


def open_source(path: Path, mapping: ImportMapping) -> Source:
    """Find out how a file is encoded and where its columns stand.

    Raises:
        SourceError: there is no such file, no encoding fits, or the header
            is no text or lacks a column.
    """
    try:
        encoding = find_encoding(path, mapping.encodings)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    candidates = list(islice(read_rows(path, encoding, mapping.delimiter), HEADER_ROWS_MAX))
    if not candidates:
        raise SourceError(_("%s: the file is empty") % path)
    header = max(candidates, key=lambda row: _columns_found(row.cells, mapping.columns))
    if any("\0" in cell for cell in header.cells):
        raise SourceError(_("%s: the header is no text") % path)
    places = _find_places(path, header, mapping.columns)
    named = set(places.values())
    return Source(
        path=path,
        encoding=encoding,
        delimiter=mapping.delimiter,
        header_line=header.line,
        headers=tuple(header.cells),
        places=places,
        unused=tuple(
            text.strip()
            for place, text in enumerate(header.cells)
            if place not in named and text.strip()
        ),
    )


def find_encoding(path: Path, encodings: tuple[str, ...]) -> str:
    """The first encoding in which all of the file can be read."""
    with path.open("rb") as file:
        if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            encodings = ("utf-16",)
    for encoding in encodings:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise SourceError(
        _("%(path)s: the text cannot be read as %(encodings)s")
        % {"path": path, "encodings": ", ".join(encodings)}
    )


def _columns_found(cells: list[str], columns: tuple[Column, ...]) -> int:
    headers = set(map(plain_header, cells))
    return sum(not headers.isdisjoint(column.headers) for column in columns)


def _find_places(path: Path, header: Row, columns: tuple[Column, ...]) -> dict[str, int]:
    headers = list(map(plain_header, header.cells))
    places = {}
    for column in columns:
        found = next((each for each in column.headers if each in headers), None)
        if found is None and not column.is_optional:
            raise SourceError(
                _(
                    "%(path)s: no header for %(column)s. Looked for %(wanted)s;"
                    " the file has %(headers)s."
                )
                % {
                    "path": path,
                    "column": column.name,
                    "wanted": ", ".join(column.headers),
                    "headers": ", ".join(text.strip() for text in header.cells if text.strip()),
                }
            )
        if found is not None:
            if headers.count(found) > 1:
                raise SourceError(
                    _("%(path)s: two columns have the header %(header)s")
                    % {"path": path, "header": header.cells[headers.index(found)].strip()}
                )
            places[column.name] = headers.index(found)
    return places


def read_rows(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    """The rows that hold anything; a line that is not CSV becomes a row with a problem."""
    line = 0
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                first = line + 1
                if reader.line_num - line > ROW_LINES_MAX:
                    break
                line = reader.line_num
                if len(cells) > 1 or (cells and cells[0].strip()):
                    yield Row(first, cells)
            else:
                return
        except csv.Error:
            pass
    with path.open(encoding=encoding, newline="") as file:
        yield from _read_carefully(_Lines(islice(file, line, None), line), delimiter)


def _read_carefully(lines: _Lines, delimiter: str) -> Iterator[Row]:
    """The rows from where the first trouble is, each line of which can be given up alone."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # Only the first line is given up, so that a stray quote swallows no rows.
            cells = [lines.keep_first().rstrip("\r\n")]
            yield Row(lines.number, cells, _("the line is not CSV: check its quotes"))
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield Row(lines.number - len(lines.taken) + 1, cells)


class _Lines:
    """Lines of a file, which can be handed back and are counted on from `number`."""

    def __init__(self, lines: Iterator[str], number: int) -> None:
        self._lines = lines
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.number = number

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.taken.append(line)
        self.number += 1
        if len(self.taken) > ROW_LINES_MAX:
            raise csv.Error
        return line

    def keep_first(self) -> str:
        """Take the first of the lines taken, and hand the others back."""
        first, *others = self.taken
        self._returned.extendleft(reversed(others))
        self.number -= len(others)
        return first
