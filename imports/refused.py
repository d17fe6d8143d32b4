"""The rows of a file that cannot be imported, as they are shown: line, reason, and the row."""

from __future__ import annotations

import csv
import io
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
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    # As `RefusedRows` writes them; a row that is too wide goes on after its reason.
    width = len(next(rows)) - 2
    for cells in rows:
        row = (*cells[:width], *cells[width + 2 :])
        yield RefusedRow(int(cells[width]), cells[width + 1], row)
