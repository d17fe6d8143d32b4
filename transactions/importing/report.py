"""What an import did, counted in rows of the files."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transactions.importing.building import Draft, Refusal
from transactions.importing.reading import Source
from transactions.requests import Outcome, Result

REFUSALS_KEPT_MAX = 10


class RefusedRows:
    """Writes `<file>.refused.csv`: the rows as they were, with their line and the reason.

    Without refusals there is no file, and one left by an earlier import goes.
    A `path` of None writes nothing. `written` is the file, once there is one.
    """

    def __init__(self, source: Source, path: Path | None) -> None:
        self._source = source
        self._path = path
        self.written: Path | None = None
        if path:
            path.unlink(missing_ok=True)

    def write(self, refusals: Sequence[Refusal]) -> None:
        if self._path is None or not refusals:
            return
        # The mark at the start tells spreadsheets that it is UTF-8.
        encoding = "utf-8" if self.written else "utf-8-sig"
        headers = self._source.headers
        width = len(headers)
        with self._path.open("a", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=self._source.delimiter)
            if not self.written:
                writer.writerow([*headers, "line", "reason"])
            for refusal in refusals:
                cells = refusal.row.cells
                padding = [""] * (width - len(cells))
                writer.writerow(
                    [*cells[:width], *padding, refusal.row.line, refusal.reason, *cells[width:]]
                )
        self.written = self._path


@dataclass(slots=True)
class FileReport:
    """One file: its rows by outcome, and what they became.

    `read` is counted apart from the others, which must add up to it.
    `net_minor` sums the amounts of the rows posted or present, per currency.
    `refused_rows` writes the refusals to a file. `decided` takes in what became of
    each transaction and refused row, so that two runs can be told apart.
    """

    source: Source
    refused_rows: RefusedRows
    read: int = 0
    posted: int = 0
    present: int = 0
    refused: int = 0
    transactions_posted: int = 0
    net_minor: Counter[str] = field(default_factory=Counter)
    first_refusals: list[Refusal] = field(default_factory=list)
    decided: Any = field(default_factory=hashlib.sha256)

    def add(
        self, drafts: Sequence[Draft], results: Sequence[Result], refusals: Sequence[Refusal]
    ) -> None:
        """Count a batch, and write down `refusals`: all of its refused rows."""
        self.refused_rows.write(refusals)
        for draft, result in zip(drafts, results, strict=True):
            self.decided.update(f"{draft.reference}\0{result.outcome}\n".encode())
            if result.outcome is Outcome.POSTED:
                self.posted += len(draft.rows)
                self.transactions_posted += 1
            elif result.outcome is Outcome.PRESENT:
                self.present += len(draft.rows)
            else:
                continue
            for currency, minor in draft.net_minor.items():
                self.net_minor[currency] += minor
        self.decided.update(str([refusal.row.line for refusal in refusals]).encode())
        self.refused += len(refusals)
        self.first_refusals += refusals[: REFUSALS_KEPT_MAX - len(self.first_refusals)]


@dataclass(slots=True)
class Report:
    """All files of an import."""

    files: list[FileReport]

    @property
    def read(self) -> int:
        return sum(file.read for file in self.files)

    @property
    def posted(self) -> int:
        return sum(file.posted for file in self.files)

    @property
    def present(self) -> int:
        return sum(file.present for file in self.files)

    @property
    def refused(self) -> int:
        return sum(file.refused for file in self.files)

    @property
    def transactions_posted(self) -> int:
        return sum(file.transactions_posted for file in self.files)

    def counts(self) -> dict[str, int]:
        """The figures for programs."""
        return {
            "read": self.read,
            "posted": self.posted,
            "present": self.present,
            "refused": self.refused,
        }

    @property
    def net_minor(self) -> Counter[str]:
        net_minor: Counter[str] = Counter()
        for file in self.files:
            net_minor.update(file.net_minor)
        return net_minor
