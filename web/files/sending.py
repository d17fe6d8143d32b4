"""Sending a table as a download."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from django.http import FileResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from web.files.lines import write_jsonl
from web.files.paper import write_pdf
from web.files.separated import write_csv
from web.files.sheets import write_xlsx
from web.files.tables import Table

WRITERS: dict[str, Callable[[Table], Iterator[bytes]]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "jsonl": write_jsonl,
    "pdf": write_pdf,
}
# What a report is sent as, and what rows of any number are.
KINDS = ("csv", "xlsx", "pdf")
STREAMS = ("csv", "xlsx", "jsonl")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl; charset=utf-8",
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
        file.writelines(WRITERS[kind](table))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    response = FileResponse(file, content_type=TYPES[kind])
    response.headers["Content-Disposition"] = _disposition(kind=kind, name=name)
    return response


def write_chunks(table: Table, *, kind: str) -> Iterator[bytes]:
    """The file in pieces, each made when it is asked for, from rows that are read then.

    What `send_file` raises is raised in the midst of it.
    """
    return WRITERS[kind](table)


def stream_file(chunks: Iterable[bytes], *, kind: str, name: str) -> StreamingHttpResponse:
    """A download that begins before its end is known.

    An exception in the midst of it ends the connection, so that the browser says it failed.
    """
    response = StreamingHttpResponse(chunks, content_type=TYPES[kind])
    response.headers["Content-Disposition"] = _disposition(kind=kind, name=name)
    return response


def _disposition(*, kind: str, name: str) -> str:
    return content_disposition_header(True, f"{_clean_name(name)}.{kind}") or "attachment"


def _clean_name(name: str) -> str:
    """Without what a file system or a header would trip over."""
    kept = (character if unicodedata.category(character)[0] in "LMN" else "-" for character in name)
    words = [word for word in "".join(kept).split("-") if word]
    return "-".join(words)[:NAME_LENGTH_MAX] or "table"
