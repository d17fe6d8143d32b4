"""Running an import: files in, transactions posted in batches, a report out."""

from __future__ import annotations

import contextlib
import contextvars
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction as db_transaction
from django.utils.translation import gettext as _

from audit.recording import record
from ledgers.models import Currency
from transactions.answers import busy_refused
from transactions.errors import BusyError
from transactions.importing.building import Built, Draft, Refusal, build, lines_max, refuse
from transactions.importing.grouping import Overview, group_rows
from transactions.importing.lines import LineReader
from transactions.importing.mapping import ImportMapping
from transactions.importing.opening import Opener
from transactions.importing.reading import Row, Source, SourceError, open_source
from transactions.importing.report import FileReport, RefusedRows, Report
from transactions.importing.toml import MappingError
from transactions.posting import post_many
from transactions.requests import CREDIT, DEBIT, Leg, PostingRequest, Result

if TYPE_CHECKING:
    from users.models import User

BATCH_ROWS = 5_000
# While the first is made ready, the database has nothing to do.
FIRST_ROWS = 1_500
TRIES_MAX = 5
PAUSE_SECONDS = 0.5


def import_files(  # noqa: PLR0913
    paths: Sequence[Path],
    *,
    mapping: ImportMapping,
    dry_run: bool = False,
    refused_folder: Path | None = None,
    on_progress: Callable[[FileReport], None] | None = None,
    actor: User | None = None,
) -> Report:
    """Post the rows of CSV files as the mapping says, in batches.

    While one is posted, a second thread makes the next one ready. Each is
    durable as it is written, together with the balances opened for it; running
    again posts what is missing and nothing twice. `dry_run` does the same in
    one database transaction and takes it back; other postings to the same
    balances wait meanwhile. Refused rows go to `<file>.refused.csv` in
    `refused_folder`, by default beside the file, or in the current folder if
    that one is read-only; a dry run writes no file.

    Raises:
        SourceError: a file cannot be read or lacks a column; nothing was posted.
        MappingError: the mapping does not fit these books.
        BusyError: other postings held one of the balances time and again.
    """
    exponents = _read_exponents(mapping)
    refused = [None] * len(paths) if dry_run else _refused_paths(paths, refused_folder)
    sources = [open_source(path, mapping) for path in paths]
    importing = _Import(mapping, exponents, paths, on_progress=on_progress, actor=actor)
    with db_transaction.atomic() if dry_run else contextlib.nullcontext():
        report = importing.run(sources, refused)
        if report.posted:
            importing.record(report)
        if dry_run:
            db_transaction.set_rollback(True)
    return report


def import_whole(  # noqa: PLR0913
    path: Path,
    *,
    mapping: ImportMapping,
    batch_id: uuid.UUID,
    refused_path: Path,
    keep: Callable[[Report], bool],
    actor: User | None = None,
) -> Report:
    """Post the rows of one file in one database transaction, if `keep` says so of what it did.

    Otherwise all of it is taken back. `keep` is asked within that transaction, so it sees
    the books as they would be. Refused rows are written to `refused_path` either way. Other
    postings to the same balances wait meanwhile.

    Raises: as `import_files`.
    """
    exponents = _read_exponents(mapping)
    importing = _Import(mapping, exponents, [path], batch_id=batch_id, actor=actor)
    with db_transaction.atomic():
        report = importing.run([open_source(path, mapping)], [refused_path])
        if report.posted:
            importing.record(report)
        if not keep(report):
            db_transaction.set_rollback(True)
    return report


def _read_exponents(mapping: ImportMapping) -> dict[str, int]:
    exponents = dict(Currency.objects.values_list("code", "exponent"))
    currency = mapping.amount.currency
    if not currency.names and currency.text not in exponents:
        raise MappingError(_("[amount] there is no currency %s") % currency.text)
    return exponents


def _refused_paths(paths: Sequence[Path], folder: Path | None) -> list[Path]:
    refused = [_refused_folder(path, folder) / f"{path.name}.refused.csv" for path in paths]
    taken = {path.resolve() for path in paths}
    for path in refused:
        if path.resolve() in taken:
            raise SourceError(
                _("%s would be overwritten: import such files one by one, each named once") % path
            )
        taken.add(path.resolve())
    return refused


def _refused_folder(path: Path, chosen: Path | None) -> Path:
    """The chosen folder, else the file's own, else, where that is read-only, the current one."""
    for folder in [chosen] if chosen else [path.parent, Path.cwd()]:
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise SourceError(_("%s: refused rows cannot be written here") % (chosen or path.parent))


@dataclass(slots=True)
class _Batch:
    """Transactions of one file to post together, and rows refused before that."""

    file: FileReport
    drafts: list[Draft] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    row_count: int = 0

    def add(self, built: Built) -> None:
        self.refusals += built.refusals
        self.row_count += len(built.refusals)
        if built.draft:
            self.drafts.append(built.draft)
            self.row_count += len(built.draft.rows)


def _ahead(batches: Iterator[_Batch]) -> Iterator[_Batch]:
    """The batches, the next of which is made by a second thread while one is worked on."""
    # With the context, for it holds the language of refusals.
    context = contextvars.copy_context()

    def make() -> _Batch | None:
        return next(batches, None)

    with ThreadPoolExecutor(max_workers=1) as executor:
        coming = executor.submit(context.run, make)
        while batch := coming.result():
            coming = executor.submit(context.run, make)
            yield batch


class _Import:
    """One run over some files, whose transactions share a batch id."""

    def __init__(  # noqa: PLR0913
        self,
        mapping: ImportMapping,
        exponents: dict[str, int],
        paths: Sequence[Path],
        *,
        batch_id: uuid.UUID | None = None,
        on_progress: Callable[[FileReport], None] | None = None,
        actor: User | None = None,
    ) -> None:
        self._mapping = mapping
        self._exponents = exponents
        self._files = [path.name for path in paths]
        self._on_progress = on_progress
        self._actor = actor
        self._batch_id = batch_id or uuid.uuid4()
        self._opener = Opener(mapping, cause=f"import {self._batch_id}", actor=actor)

    def run(self, sources: Sequence[Source], refused_paths: Sequence[Path | None]) -> Report:
        """Post the files batch by batch."""
        files = [
            FileReport(source, RefusedRows(source, path))
            for source, path in zip(sources, refused_paths, strict=True)
        ]
        for batch in _ahead(self._batches(files)):
            results = self._post(batch.drafts)
            for draft, result in zip(batch.drafts, results, strict=True):
                if result.error:
                    batch.refusals += refuse(draft.rows, str(result.error))
            batch.refusals.sort(key=lambda refusal: refusal.row.line)
            batch.file.add(batch.drafts, results, batch.refusals)
            if self._on_progress:
                self._on_progress(batch.file)
        for file in files:
            assert file.read == file.posted + file.present + file.refused
        return Report(files)

    def _batches(self, files: Sequence[FileReport]) -> Iterator[_Batch]:
        largest = min(FIRST_ROWS, BATCH_ROWS)
        for file in files:
            batch = _Batch(file)
            for built in self._build(file):
                batch.add(built)
                if batch.row_count >= largest:
                    yield batch
                    batch, largest = _Batch(file), BATCH_ROWS
            if batch.row_count:
                yield batch

    def _build(self, file: FileReport) -> Iterator[Built]:
        source, mapping = file.source, self._mapping
        reader = LineReader(source, mapping, self._exponents)

        def read() -> Iterator[tuple[str, Row]]:
            return reader.with_references(source.rows())

        is_small = source.is_small
        rows = list(read()) if is_small else None
        overview = Overview(rows or read(), is_small=is_small)
        file.read = overview.row_count
        for group in group_rows(rows or read(), overview, rows_max=lines_max(mapping)):
            yield build(group, reader, mapping)

    def record(self, report: Report) -> None:
        """Leave one audit event that says what was imported."""
        record(
            actor=self._actor,
            action="transactions.imported",
            subject=f"batch_{self._batch_id}",
            after={
                "mapping": self._mapping.name,
                "files": self._files,
                "read": report.read,
                "posted": report.posted,
                "present": report.present,
                "refused": report.refused,
                "transactions": report.transactions_posted,
            },
        )

    def _post(self, drafts: Sequence[Draft]) -> list[Result]:
        """Post a batch; one that had to wait for others too long is tried again as a whole."""
        for _again in range(TRIES_MAX - 1):
            try:
                return self._post_once(drafts)
            except BusyError:
                self._opener.forget()
                time.sleep(PAUSE_SECONDS)
        return self._post_once(drafts)

    def _post_once(self, drafts: Sequence[Draft]) -> list[Result]:
        with db_transaction.atomic():
            with busy_refused():
                balances = self._opener.open(leg.target for draft in drafts for leg in draft.legs)
            requests = [
                PostingRequest(
                    reference=draft.reference,
                    legs=[
                        Leg(balances[target], CREDIT if minor > 0 else DEBIT, abs(minor))
                        for target, minor in draft.legs
                    ],
                    description=draft.description,
                    effective_at=draft.effective_at,
                    metadata=draft.metadata,
                )
                for draft in drafts
            ]
            return post_many(requests, actor=self._actor, batch_id=self._batch_id)
