"""The CSV import of the demonstration file, and the same transactions as batches alone."""

from __future__ import annotations

import csv
import itertools
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.measuring import Done, Stopwatch
from config.local import ROOT
from transactions.importing.loading import load_mapping
from transactions.importing.running import import_files
from transactions.models import Transaction
from transactions.posting import post_many
from transactions.requests import Leg, Outcome, PostingRequest

DEMO = ROOT / "demo"
VOUCHER = "Trans No"


class CsvImport:
    """Imports the same file again and again, with new voucher numbers each time."""

    def __init__(self) -> None:
        self._mapping = load_mapping(DEMO / "oxford.toml")
        self._source = next(DEMO.glob("*.csv"))
        self._numbers = itertools.count(1)
        self._stack = ExitStack()
        self._requests: list[PostingRequest] = []

    def __enter__(self) -> CsvImport:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self.import_file()
        self._requests = _requests_of_last_batch()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def import_file(self) -> Done:
        """Import the file from reading to the last commit; counted in transactions."""
        path = self._with_new_vouchers(next(self._numbers))
        before = _last_id()
        with Stopwatch() as watch:
            import_files([path], mapping=self._mapping)
        return Done(_last_id() - before, watch.seconds)

    def post_alone(self) -> Done:
        """Post the same transactions under new references, nothing else."""
        number = next(self._numbers)
        requests = [
            PostingRequest(
                reference=f"{each.reference}-{number}",
                legs=each.legs,
                description=each.description,
                effective_at=each.effective_at,
                metadata=each.metadata,
            )
            for each in self._requests
        ]
        with Stopwatch() as watch:
            results = post_many(requests)
        assert all(result.outcome == Outcome.POSTED for result in results)
        return Done(len(requests), watch.seconds)

    def _with_new_vouchers(self, number: int) -> Path:
        path = self._folder / f"{number}.csv"
        with (
            self._source.open(encoding="utf-8-sig", newline="") as source,
            path.open("w", encoding="utf-8", newline="") as target,
        ):
            rows = csv.DictReader(source)
            writer = csv.DictWriter(target, rows.fieldnames or [])
            writer.writeheader()
            for row in rows:
                writer.writerow(row | {VOUCHER: f"{number}-{row[VOUCHER]}".replace("-", "0", 1)})
        return path


def _last_id() -> int:
    return Transaction.objects.order_by("-pk").values_list("pk", flat=True)[0]


def _requests_of_last_batch() -> list[PostingRequest]:
    batch_id = Transaction.objects.order_by("-pk").values_list("batch_id", flat=True)[0]
    posted = Transaction.objects.filter(batch_id=batch_id).prefetch_related("entries")
    return [
        PostingRequest(
            reference=each.reference,
            legs=[
                Leg(entry.balance_id, entry.Direction(entry.direction), entry.amount_minor)
                for entry in each.entries.all()
            ],
            description=each.description,
            effective_at=each.effective_at,
            metadata=each.metadata,
        )
        for each in posted.order_by("pk")
    ]
