"""Tables as files: CSV and JSON Lines for programs, XLSX for spreadsheets, PDF for paper.

A caller describes the table once and sends it in the format that was asked for::

    table = Table(
        title=_("Statement"),
        subtitle=["Northgate, EUR", "1 Jan 2025 to 31 Jan 2025 (UTC)"],
        columns=[Column(_("Date")), Column(_("Balance"), is_number=True)],
        rows=rows,                      # an iterator: they are never held together
        totals=[[_("Closing balance"), "17100.00"]],
    )
    return send_file(table, kind="csv", name="statement-northgate-2025-01")

`send_file` writes the whole file before anything is sent. So an exception that the iterator
raises, at its very end too, reaches the caller, and no part of a wrong file reaches a person; the
database is free again before a slow line takes the bytes; and memory does not grow with the rows
(that of a PDF does, which is one reason why `ROWS_MAX` keeps it short).

`stream_file` with `write_chunks` sends a file of any number of rows while they are read. It
cannot take back what it sent: a file that ends without its last line, or an archive that does not
open, is not whole, and the browser says so.

Amounts are exact. A cell of a number column is what `ledgers.money.format_plain` writes
(`-17100.00`) or "", and stands so in a CSV file. A spreadsheet calculates with doubles: an amount
is a number there only if a double keeps it, else text. Text never becomes a formula: a CSV cell
that a spreadsheet could take for one begins with an apostrophe, as OWASP advises, and an XLSX
cell says by its type that it is text.
"""

from __future__ import annotations

from web.files.sending import KINDS, STREAMS, send_file, stream_file, write_chunks
from web.files.tables import ROWS_MAX, Column, Table, TooManyRowsError

__all__ = [
    "KINDS",
    "ROWS_MAX",
    "STREAMS",
    "Column",
    "Table",
    "TooManyRowsError",
    "send_file",
    "stream_file",
    "write_chunks",
]
