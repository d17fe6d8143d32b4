"""Running an import: files in, transactions posted in batches, a report out."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction as db_transaction
from django.utils.translation import gettext as _

from audit.recording import record
from ledgers.models import Currency
from transactions.errors import BusyError
from transactions.importing.building import Built, Draft, Refusal, build, lines_max, refuse
from transactions.importing.grouping import Overview, group_rows
from transactions.importing.lines import LineReader
from transactions.importing.mapping import ImportMapping
from transactions.importing.opening import Opener
from transactions.importing.reading import Source, SourceError, open_source
from transactions.importing.report import FileReport, RefusedRows, Report
from transactions.importing.toml import MappingError
from transactions.posting import post_many
from transactions.requests import CREDIT, DEBIT, Leg, PostingRequest, Result

if TYPE_CHECKING:
    from users.models import User

BATCH_TRANSACTIONS = 10_000
# Long vouchers, or refusals alone, end a batch sooner.
BATCH_ROWS = 20_000
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

    Each batch is durable as it is written, together with the balances opened
    for it; running again posts what is missing and nothing twice. `dry_run`
    does the same in one database transaction and takes it back; other postings
    to the same balances wait meanwhile. Refused rows go to
    `<file>.refused.csv`, beside the file or in `refused_folder`; a dry run
    writes no file.

    Raises:
        SourceError: a file cannot be read or lacks a column; nothing was posted.
        MappingError: the mapping does not fit these books.
        BusyError: other postings held one of the balances time and again.
    """
    exponents = dict(Currency.objects.values_list("code", "exponent"))
    currency = mapping.amount.currency
    if not currency.names and currency.text not in exponents:
        raise MappingError(_("[amount] there is no currency %s") % currency.text)
    sources = [open_source(path, mapping) for path in paths]
    refused = [None if dry_run else _refused_path(path, paths, refused_folder) for path in paths]
    importing = _Import(mapping, exponents, paths, on_progress, actor)
    with db_transaction.atomic() if dry_run else contextlib.nullcontext():
        report = Report(list(map(importing.import_file, sources, refused)))
        if report.posted:
            importing.record(report)
        if dry_run:
            db_transaction.set_rollback(True)
    return report


def _refused_path(path: Path, paths: Sequence[Path], folder: Path | None) -> Path:
    refused = (folder or path.parent) / f"{path.name}.refused.csv"
    if refused.resolve() in [each.resolve() for each in paths]:
        raise SourceError(_("%s would be overwritten; import it on its own") % refused)
    return refused


class _Import:
    """One run over some files, whose transactions share a batch id."""

    def __init__(
        self,
        mapping: ImportMapping,
        exponents: dict[str, int],
        paths: Sequence[Path],
        on_progress: Callable[[FileReport], None] | None,
        actor: User | None,
    ) -> None:
        self._mapping = mapping
        self._exponents = exponents
        self._files = [path.name for path in paths]
        self._on_progress = on_progress
        self._actor = actor
        self._batch_id = uuid.uuid4()
        self._opener = Opener(mapping, cause=f"import {self._batch_id}", actor=actor)

    def import_file(self, source: Source, refused_path: Path | None) -> FileReport:
        """Post one file, batch by batch."""
        reader = LineReader(source, self._mapping, self._exponents)
        overview = Overview(map(reader.reference_of, source.rows()))
        report = FileReport(source, read=overview.row_count)
        rows_max = lines_max(self._mapping)
        groups = group_rows(source.rows(), reader.reference_of, overview, rows_max=rows_max)
        with contextlib.closing(RefusedRows(source, refused_path)) as refused_rows:
            for batch in _batches(build(group, reader, self._mapping) for group in groups):
                results = self._post(batch.drafts)
                for draft, result in zip(batch.drafts, results, strict=True):
                    if result.error:
                        batch.refusals += refuse(draft.rows, str(result.error))
                batch.refusals.sort(key=lambda refusal: refusal.row.line)
                report.add(batch.drafts, results, batch.refusals)
                refused_rows.write(batch.refusals)
                if self._on_progress:
                    self._on_progress(report)
            report.refused_path = refused_rows.path
        assert report.read == report.posted + report.present + report.refused
        return report

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
        """Post a batch; one that met a busy balance is tried again as a whole."""
        for remaining in reversed(range(TRIES_MAX)):
            try:
                return self._post_once(drafts)
            except BusyError:
                self._opener.forget()
                if not remaining:
                    raise
                time.sleep(PAUSE_SECONDS)
        raise AssertionError

    def _post_once(self, drafts: Sequence[Draft]) -> list[Result]:
        with db_transaction.atomic():
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


@dataclass(slots=True)
class _Batch:
    """Transactions to post together, and rows refused before that."""

    drafts: list[Draft] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    row_count: int = 0

    def add(self, built: Built) -> None:
        self.refusals += built.refusals
        self.row_count += len(built.refusals)
        if built.draft:
            self.drafts.append(built.draft)
            self.row_count += len(built.draft.rows)

    @property
    def is_full(self) -> bool:
        return len(self.drafts) == BATCH_TRANSACTIONS or self.row_count >= BATCH_ROWS


def _batches(built: Iterable[Built]) -> Iterator[_Batch]:
    batch = _Batch()
    for each in built:
        batch.add(each)
        if batch.is_full:
            yield batch
            batch = _Batch()
    if batch.row_count:
        yield batch
