"""Exports in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exports.models import Export
from web.formatting import active_dates, format_count
from web.tables.definition import find_table
from web.tables.tabs import table_url

MISSED_MAX = 30


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export as its list prints it; `url` shows the table as it was exported."""

    export: Export
    title: str
    url: str
    filter_text: str
    kind: str
    progress: str
    started: SafeString | str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an export has come; `share` goes from 0 to 1, and is None before that is known."""

    words: str
    is_running: bool
    share: float | None = None
    is_whole: bool = False


def format_exports(exports: Iterable[Export]) -> list[ExportRow]:
    dates = active_dates()
    rows = []
    for export in exports:
        table = find_table(export.table)
        rows.append(
            ExportRow(
                export=export,
                title=str(table.title) if table else export.table,
                url=table_url(table, export.query) if table else "",
                filter_text=export.filter_text or _("All of them"),
                kind=export.kind.upper(),
                progress=progress_words(export),
                started=dates.time_tag(export.started_at),
            )
        )
    return rows


def progress_words(export: Export) -> str:
    """Such as "340,000 of 1,000,000 rows"."""
    count = format_count(export.row_count)
    if export.is_running:
        return _running_words(export, count)
    if export.state == Export.State.FINISHED:
        words = ngettext("%(count)s row exported", "%(count)s rows exported", export.row_count)
        return words % {"count": count}
    if export.state == Export.State.CANCELLED:
        return _("Cancelled after %(count)s rows; the file is not whole") % {"count": count}
    return _("Failed after %(count)s rows; the file is not whole. Export again.") % {"count": count}


def tell_progress(export: Export) -> Progress:
    """For the page that began it."""
    share = None
    if export.expected_count is not None:
        share = export.row_count / export.expected_count if export.expected_count else 1.0
    return Progress(
        words=progress_words(export),
        share=share,
        is_running=export.is_running,
        is_whole=export.state == Export.State.FINISHED,
    )


def await_beginning(missed: int) -> Progress:
    """For the page that began it, which has asked so often: the browser may still ask where to."""
    if missed > MISSED_MAX:
        return Progress(words=_("It has not begun. Export again."), is_running=False)
    return Progress(words=_("Begins …"), is_running=True)


def _running_words(export: Export, count: str) -> str:
    if export.expected_count is None:
        return _("Counting …")
    expected = format_count(export.expected_count)
    return _("%(count)s of %(expected)s rows") % {"count": count, "expected": expected}
