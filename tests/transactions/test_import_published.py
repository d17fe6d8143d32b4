"""All of the publisher's files that lie beside us, or else the quarter in `demo/`."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

from balances.models import Balance
from ledgers.models import Ledger
from tests.conftest import OwnDatabase
from tests.transactions.imports import DEMO, import_published, treasury
from transactions.models import Transaction
from transactions.proof import run_proof

PUBLISHED = sorted((DEMO.parents[1] / "shared" / "data" / "oxford").glob("*.csv"))
FILES = PUBLISHED or sorted(DEMO.glob("*.csv"))


class Expected:
    """What the published files hold, counted without the importer."""

    def __init__(self, paths: list[Path]) -> None:
        self.rows = self.bad = 0
        self.total = Decimal(0)
        self.vouchers: set[str] = set()
        self.suppliers: Counter[str] = Counter()
        for path in paths:
            with path.open(encoding="utf-8-sig", newline="") as file:
                for row in list(csv.reader(file))[1:]:
                    self._add(row)

    def _add(self, row: list[str]) -> None:
        self.rows += 1
        amount = Decimal(row[6] or 0)
        if not amount:
            self.bad += 1
            return
        self.total += amount
        self.vouchers.add(re.split("_", row[5])[0])
        self.suppliers[" ".join(row[9].split())] += 1


def test_all_files_post_the_figures_that_each_holds(
    tmp_path: Path, own_database: OwnDatabase
) -> None:
    expected = Expected(FILES)

    report = import_published(tmp_path, *FILES)

    assert report.read == expected.rows
    assert report.refused == expected.bad <= 2
    assert report.transactions_posted == len(expected.vouchers) == Transaction.objects.count()
    total_minor = int(expected.total * 100)
    assert report.net_minor == {"GBP": total_minor}
    assert treasury().balance_minor == -total_minor
    for file in report.files:
        held = Expected([file.source.path])
        assert (file.read, file.refused) == (held.rows, held.bad)
        assert file.net_minor == {"GBP": int(held.total * 100)}
        assert not file.source.unused
    owners = Ledger.objects.get(name="Suppliers").balances
    assert dict(owners.values_list("identity__name", "entry_count")) == expected.suppliers
    assert run_proof(actor=None).is_ok

    again = import_published(tmp_path, *FILES)

    assert again.counts() == {
        "read": expected.rows,
        "posted": 0,
        "present": expected.rows - expected.bad,
        "refused": expected.bad,
    }
    assert Balance.objects.count() == len(expected.suppliers) + 1
