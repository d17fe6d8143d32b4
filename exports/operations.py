"""The life of an export: begun, heard of, asked to stop, ended with an audit event."""

from __future__ import annotations

import errno
import time
from types import TracebackType
from uuid import UUID, uuid4

from django.db import IntegrityError, connection
from django.db import transaction as db_transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from audit.recording import record
from exports.models import SILENCE_MAX, Export
from users.models import User

# Each keeps a thread of the web server busy, and a snapshot of the database alive.
RUNNING_MAX = 4
RUNNING_OF_ONE_MAX = 2
TELL_SECONDS = 0.8
TELL = """
UPDATE exports_export SET row_count = %s, expected_count = %s, heard_at = now()
WHERE id = %s RETURNING is_cancel_asked
"""


class ExportRefusedError(Exception):
    """No file is made; the message says why, to a person."""


class ExportCancelledError(ConnectionResetError):
    """Somebody asked the export to stop.

    To the web server it is as if the reader had gone: it ends the connection, in the midst of
    the file, and has nothing to report.
    """

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "cancelled")


def begin_export(  # noqa: PLR0913
    *,
    user: User,
    table: str,
    query: str,
    filter_text: str,
    kind: str,
    public_id: UUID | None = None,
) -> Export:
    """Note that an export begins. `public_id` is the page's own, by which it asks for progress.

    Raises:
        ExportRefusedError: too many are running, or there has been one of that id.
    """
    end_silent_exports()
    running = Export.objects.filter(state=Export.State.RUNNING)
    if running.filter(user=user).count() >= RUNNING_OF_ONE_MAX:
        raise ExportRefusedError(
            _("Two of your exports are still running. Wait for one, or cancel it.")
        )
    if running.count() >= RUNNING_MAX:
        raise ExportRefusedError(_("Others are exporting. Try again in a minute."))
    try:
        with db_transaction.atomic():
            return Export.objects.create(
                public_id=public_id or uuid4(),
                user=user,
                table=table,
                query=query,
                filter_text=filter_text,
                kind=kind,
            )
    except IntegrityError as error:
        raise ExportRefusedError(_("This file was sent before. Export again.")) from error


def ask_to_stop(export: Export) -> None:
    """Have a running export end at its next rows."""
    Export.objects.filter(pk=export.pk, state=Export.State.RUNNING).update(is_cancel_asked=True)


def end_export(export: Export, *, state: Export.State, row_count: int) -> None:
    """Note how it ended; an export ends once."""
    with db_transaction.atomic():
        running = Export.objects.filter(pk=export.pk, state=Export.State.RUNNING)
        is_ours = running.update(
            state=state,
            row_count=row_count,
            expected_count=export.expected_count,
            heard_at=Now(),
            ended_at=Now(),
        )
        if is_ours:
            _record_end(export, state=state, row_count=row_count)


def end_silent_exports() -> None:
    """Let those fail whose process went away."""
    silent = Q(state=Export.State.RUNNING, heard_at__lt=Now() - SILENCE_MAX)
    for export in Export.objects.filter(silent).select_related("user"):
        end_export(export, state=Export.State.FAILED, row_count=export.row_count)


def _record_end(export: Export, *, state: Export.State, row_count: int) -> None:
    record(
        actor=export.user,
        action=f"export.{state.lower()}",
        subject=export.key,
        after={
            "table": export.table,
            "query": export.query,
            "filter": export.filter_text,
            "format": export.kind,
            "rows": row_count,
            "expected": export.expected_count,
        },
    )


class Progress:
    """Tells others, about each second, how far an export has come.

    What reads the rows is in a transaction that sees and writes nothing else, so this has a
    connection of its own; not before it is needed, which for most exports is never.
    """

    def __init__(self, export: Export) -> None:
        self.export = export
        self.row_count = 0
        self._told_at = time.monotonic()
        self._connection: BaseDatabaseWrapper | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            self._connection.close()

    def add(self, count: int) -> None:
        """So many rows more.

        Raises:
            ExportCancelledError: somebody asked to stop.
        """
        self.row_count += count
        now = time.monotonic()
        if now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            self.tell()

    def tell(self) -> None:
        """Write it down.

        Raises:
            ExportCancelledError: somebody asked to stop.
        """
        if self._connection is None:
            self._connection = connection.copy()
        with self._connection.cursor() as cursor:
            cursor.execute(TELL, [self.row_count, self.export.expected_count, self.export.pk])
            found = cursor.fetchone()
        if found is not None and found[0]:
            raise ExportCancelledError
