"""A whole table as a file, sent while its rows are read."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from contextvars import copy_context
from typing import cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from exports.models import Export
from exports.operations import ExportCancelledError, Progress, begin_export, end_export
from exports.reading import CountMismatchError, Selection, long_snapshot
from exports.totals import tabulate_totals
from exports.words import describe_filter, read_id, table_query
from users.models import User
from web.files import Table as FileTable
from web.files import stream_file, write_chunks
from web.formatting import format_count, format_datetime_full, zone_name
from web.tables.definition import Table


def export_table(request: HttpRequest, table: Table, kind: str) -> HttpResponseBase:
    """What `table` shows at this address, all of its pages, as a file of `kind`.

    The file is made in pieces as the browser takes them, from one snapshot of the database; how
    it ended is noted then, with an audit event. An export that fails breaks off: without its
    totals (CSV), its last line (JSON Lines) or the end of the archive (XLSX).

    Raises:
        ExportRefusedError: too many are running.
    """
    selection = Selection.read(request, table)
    user = cast(User, request.user)
    export = begin_export(
        user=user,
        table=table.name,
        query=table_query(selection),
        filter_text=describe_filter(selection),
        kind=kind,
        public_id=read_id(request.GET.get("export", "")),
    )
    name = f"{selection.table.title}-{selection.moment.file_name}"
    return stream_file(_Pieces(selection, export, kind), kind=kind, name=name)


def _send(selection: Selection, export: Export, kind: str) -> Generator[bytes, None, None]:
    state = Export.State.FAILED
    with Progress(export) as progress:
        try:
            with long_snapshot():
                yield from write_chunks(_tabulate(selection, export, progress), kind=kind)
            state = Export.State.FINISHED
        except (GeneratorExit, ExportCancelledError):
            state = Export.State.CANCELLED
            raise
        finally:
            end_export(export, state=state, row_count=progress.row_count)


def _tabulate(selection: Selection, export: Export, progress: Progress) -> FileTable:
    export.expected_count = selection.count()
    return FileTable(
        title=str(selection.table.title),
        subtitle=_subtitle(selection, export),
        columns=selection.columns(),
        rows=_rows(selection, export, progress),
        totals=tabulate_totals(selection, progress),
    )


def _subtitle(selection: Selection, export: Export) -> list[str]:
    moment = format_datetime_full(timezone.now())
    lines = [export.filter_text or _("All of them")]
    if export.expected_count is not None:
        lines.append(selection.table.name_count(format_count(export.expected_count)))
    return [
        *lines,
        _("Exported by %(who)s, %(when)s") % {"who": export.user.get_username(), "when": moment},
        _("Times are in %(zone)s") % {"zone": zone_name()},
    ]


def _rows(selection: Selection, export: Export, progress: Progress) -> Iterator[Sequence[str]]:
    with closing(selection.batches()) as batches:
        for batch in batches:
            yield from batch
            progress.add(len(batch))
    if export.expected_count not in (None, progress.row_count):
        raise CountMismatchError(f"{progress.row_count} rows, not {export.expected_count}")


class _Pieces:
    """Made in the language, the zone and the formats of the request, which is over by then."""

    def __init__(self, selection: Selection, export: Export, kind: str) -> None:
        self._export = export
        self._pieces = _send(selection, export, kind)
        self._context = copy_context()
        self._has_begun = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._has_begun = True
        return self._context.run(next, self._pieces)

    def close(self) -> None:
        """Called when all is sent, and when nobody takes the rest."""
        self._context.run(self._pieces.close)
        if not self._has_begun:
            end_export(self._export, state=Export.State.CANCELLED, row_count=0)
