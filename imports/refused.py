"""The rows of a file that cannot be imported, as they are shown: line, reason, and the row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from imports.models import Import
from transactions.importing.loading import parse_mapping

SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of the file, which begins at `line`, and why it is not posted."""

    line: int
    reason: str
    cells: tuple[str, ...]


def list_refused(import_: Import) -> list[RefusedRow]:
    """The first of the refused rows, of which `Import.refused_file` holds all."""
    return list(islice(_read(import_), SHOWN_MAX))


def _read(import_: Import) -> Iterator[RefusedRow]:
    text = bytes(import_.refused_file).decode("utf-8-sig")
    if not text:
        return
    delimiter = parse_mapping(import_.mapping, name=import_.name).delimiter
    rows = _read_cells(text, delimiter)
    # As `RefusedRows` writes them; a row that is too wide goes on after its reason.
    width = len(next(rows)) - 2
    for cells in rows:
        row = (*cells[:width], *cells[width + 2 :])
        yield RefusedRow(int(cells[width]), cells[width + 1], row)


def _read_cells(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows that `csv.writer` wrote; `csv.reader` takes no cell as long as a line may be."""
    mark = re.escape(delimiter)
    cells = []
    for cell in re.finditer(rf'(?:"([^"]*(?:""[^"]*)*)"|([^{mark}\r\n]*))({mark}|\r\n)', text):
        quoted, plain, end = cell.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        if end != delimiter:
            yield cells
            cells = []
