"""CSV as RFC 4180 has it, in UTF-8.

It begins with a byte order mark, since people open these files in Excel, which takes a file
without one for another encoding and shows wrong names; programs read it as `utf-8-sig`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from web.files.tables import CHUNK, Table

# What makes a cell a formula, behind what a spreadsheet would skip: at the start of a cell, and
# after the marks at which some read the next cell begins. The wide signs count in East Asian
# editions.
_FORMULA = re.compile(
    r"(^|[;\t\r\n])(?=[\s\ufeff\u200b-\u200f\u2060]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])"
)


def escape_formula(text: str) -> str:
    """`text` with an apostrophe before whatever a spreadsheet could take for a formula."""
    if text[:1].isalnum() and text.isprintable() and ";" not in text:
        return text  # as most cells are: many times as fast
    return _FORMULA.sub(r"\1'", text)


def write_csv(table: Table) -> Iterator[bytes]:
    """Heads, rows and totals, in constant memory."""
    text = io.StringIO(newline="")
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([escape_formula(column.name) for column in table.columns])
    is_text = [not column.is_number for column in table.columns]
    for row in table.read("csv"):
        writer.writerow(
            [
                escape_formula(cell) if cell and each else cell
                for cell, each in zip(row.cells, is_text, strict=True)
            ]
        )
        if text.tell() >= CHUNK:
            yield _take(text)
    yield _take(text)


def _take(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken
