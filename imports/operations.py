"""The life of an import: a file comes, is mapped, checked, and posted as it was checked.

Checking and posting a small file is done while a person waits, a larger one by `manage.py work`.
Either way a step locks its import and leaves what it came to in the database transaction that did
it: killed in between, nothing of it has happened, and another process takes it up.
"""

from __future__ import annotations

import hashlib
import logging
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from django.db import connection
from django.db import transaction as db_transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from config.postgresql.errors import is_database_lost
from imports.checking import run
from imports.models import FILE_NAME_LENGTH_MAX, Import
from transactions.errors import BusyError
from transactions.importing.loading import parse_mapping
from transactions.importing.reading import SourceError
from transactions.importing.toml import MappingError
from users.models import User

BYTES_MAX = 10 << 20
# Some four thousand rows, which take about a second.
AT_ONCE_BYTES_MAX = 512 << 10
MAPPING_LENGTH_MAX = 100_000
# Why a file cannot be read may name all of its headers.
PROBLEM_LENGTH_MAX = 2_000
# How those of today begin, and those of before 2007.
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# Where something else than text shows; further on, one row may hold anything.
BEGINNING = 1_024
GO_ON = "imports.go_on"
State = Import.State
# Two at once could wait for each other's balances.
TURN = 7_239_140_555

logger = logging.getLogger(__name__)


class ImportRefusedError(Exception):
    """What was asked of an import cannot be done; the message says why, to a person."""


def upload(*, user: User, file_name: str, content: bytes) -> Import:
    """Keep a file that is to be imported.

    Raises:
        ImportRefusedError: it is empty, too large, or no text.
    """
    if not content:
        raise ImportRefusedError(_("The file is empty."))
    if len(content) > BYTES_MAX:
        raise ImportRefusedError(
            _("The file is larger than 10 MB. An operator can import it by a command.")
        )
    if content.startswith(WORKBOOKS):
        raise ImportRefusedError(_("This is a workbook. Save its sheet as CSV, and choose that."))
    is_wide = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    if b"\0" in content[:BEGINNING] and not is_wide:
        raise ImportRefusedError(_("This is no table of text. Save it as CSV, and choose that."))
    return Import.objects.create(
        user=user,
        file_name=_plain_name(file_name),
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        byte_count=len(content),
    )


def set_mapping(
    import_: Import, *, mapping: str, name: str, choices: dict[str, Any] | None = None
) -> None:
    """Say how the file is read, and check what comes of it.

    Raises:
        MappingError: the mapping cannot be followed; nothing has changed.
        ImportRefusedError: the import is under way, or done.
    """
    parse_mapping(mapping, name=name)
    changed = Import.objects.filter(pk=import_.pk, state__in=[State.NEW, State.CHECKED]).update(
        mapping=mapping,
        name=name,
        choices=choices or {},
        state=State.CHECKING,
        report={},
        refused_file=b"",
        problem="",
    )
    if not changed:
        raise ImportRefusedError(_("This file is being worked on, or imported already."))
    _begin(import_)


def check_again(import_: Import) -> None:
    """Check the file against the books as they are by now."""
    again = Import.objects.filter(pk=import_.pk, state__in=[State.NEW, State.CHECKED])
    if again.exclude(mapping="").update(state=State.CHECKING, problem=""):
        _begin(import_)


def post_reviewed(import_: Import, *, reviewed: str) -> bool:
    """Post what was checked; False if another check has been made than the one `reviewed`.

    If it comes out otherwise by now nothing is posted, and the import says what would happen.
    """
    if not re.fullmatch("[0-9a-f]{64}", reviewed):
        return False
    waiting = Import.objects.filter(pk=import_.pk, state=State.CHECKED)
    if not waiting.filter(report__outcome=reviewed, report__posted__gt=0).update(
        state=State.POSTING, problem=""
    ):
        return Import.objects.filter(pk=import_.pk, report__outcome=reviewed).exists()
    _begin(import_)
    return True


def discard(import_: Import) -> None:
    """Forget a file that was not imported.

    Raises:
        ImportRefusedError: it is being worked on, or imported.
    """
    deleted, _kinds = Import.objects.filter(
        pk=import_.pk, state__in=[State.NEW, State.CHECKED]
    ).delete()
    if not deleted:
        raise ImportRefusedError(_("This file is being worked on, or imported already."))


def go_on(pk: int) -> None:
    """Do what an import waits for; nothing if it waits for nothing, or another process does it.

    Raises:
        BusyError: other postings held one of the balances time and again; nothing was done.
    """
    try:
        _step(pk)
    except BusyError:
        raise
    except Exception as error:
        if is_database_lost(error):
            raise
        logger.exception("Import %s cannot be worked on", pk)
        problem = _(
            "Something went wrong, and nothing was imported. The log tells an operator why."
        )
        _under_way().filter(pk=pk).update(
            state=State.NEW, problem=problem, report={}, refused_file=b""
        )


def go_on_with_all() -> None:
    """Take up what a process left that was killed; the others are locked, and passed over."""
    for pk in _under_way().values_list("pk", flat=True):
        with suppress(BusyError):
            go_on(pk)


def _begin(import_: Import) -> None:
    if import_.byte_count <= AT_ONCE_BYTES_MAX:
        try:
            go_on(import_.pk)
        except BusyError:
            pass
        else:
            return
    app.configure_task(GO_ON).defer(import_id=import_.pk)


def _step(pk: int) -> None:
    with db_transaction.atomic():
        locked = _under_way().select_for_update(skip_locked=True, of=("self",))
        import_ = locked.select_related("user").filter(pk=pk).first()
        if import_ is None:
            return
        _take_turn()
        reviewed = import_.report["outcome"] if import_.state == State.POSTING else ""
        try:
            outcome = run(import_, reviewed=reviewed)
        except (SourceError, MappingError) as error:
            problem = str(error)[:PROBLEM_LENGTH_MAX]
            _leave(import_, state=State.NEW, problem=problem, report={}, refused_file=b"")
            return
        told = {"report": outcome.report, "refused_file": outcome.refused_file}
        if outcome.is_kept:
            _leave(import_, state=State.POSTED, posted_at=Now(), **told)
        else:
            _leave(import_, state=State.CHECKED, problem=_changed() if reviewed else "", **told)


def _take_turn() -> None:
    """Keep other imports out until the end of the database transaction.

    Raises:
        BusyError: another one is being worked on.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TURN])
        if cursor.fetchone() != (True,):
            raise BusyError


def _changed() -> str:
    return _(
        "The books have changed since this was checked, so it would come out otherwise. Nothing"
        " was imported: this is what would happen now."
    )


def _leave(import_: Import, **values: Any) -> None:
    Import.objects.filter(pk=import_.pk).update(**values)


def _under_way() -> QuerySet[Import]:
    return Import.objects.filter(state__in=[State.CHECKING, State.POSTING])


def _plain_name(file_name: str) -> str:
    """The name without a folder and without what no name should hold, short enough for a disk."""
    name = PurePath(file_name.replace("\\", "/")).name
    plain = "".join(each for each in name if each.isprintable()).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    room = FILE_NAME_LENGTH_MAX - len(f"{dot}{suffix}".encode())
    if not dot or room < 1:
        return plain.encode()[:FILE_NAME_LENGTH_MAX].decode(errors="ignore") or "file.csv"
    return stem.encode()[:room].decode(errors="ignore") + dot + suffix
