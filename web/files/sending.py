"""Sending a table as a download."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from django.http import FileResponse
from django.utils.http import content_disposition_header

from web.files.paper import write_pdf
from web.files.separated import write_csv
from web.files.sheets import write_xlsx
from web.files.tables import Table

WRITERS: dict[str, Callable[[Table, IO[bytes]], None]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "pdf": write_pdf,
}
KINDS = tuple(WRITERS)
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
MEMORY_MAX = 1024 * 1024
NAME_LENGTH_MAX = 120


def send_file(table: Table, *, kind: str, name: str) -> FileResponse:
    """The table as a download called `name`, in any script, with the ending of its kind.

    Raises:
        TooManyRowsError: there are more rows than the format holds.
        ValueError: a cell of a number column is no plain number.
        Exception: whatever the iterator of rows raises.
    """
    file = cast(IO[bytes], SpooledTemporaryFile(MEMORY_MAX))  # noqa: SIM115 the response closes it
    try:
        WRITERS[kind](table, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    response = FileResponse(file, content_type=TYPES[kind])
    disposition = content_disposition_header(True, f"{_clean_name(name)}.{kind}")
    response.headers["Content-Disposition"] = disposition or "attachment"
    return response


def _clean_name(name: str) -> str:
    """Without what a file system or a header would trip over."""
    kept = (character if unicodedata.category(character)[0] in "LMN" else "-" for character in name)
    words = [word for word in "".join(kept).split("-") if word]
    return "-".join(words)[:NAME_LENGTH_MAX] or "table"
