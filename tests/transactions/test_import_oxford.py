"""The publisher's files: the quarter in `demo/`, later headers, and all that lie beside us."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from balances.models import Balance
from ledgers.models import Ledger
from tests.transactions.imports import balance_of, treasury, write_csv
from transactions.importing.loading import load_mapping
from transactions.importing.report import Report
from transactions.importing.running import import_files
from transactions.models import Entry, Hold, HoldState, Transaction
from transactions.proof import run_proof

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo"
PUBLISHED = sorted((ROOT.parent / "shared" / "data" / "oxford").glob("*.csv"))
FILES = PUBLISHED or sorted(DEMO.glob("*.csv"))

LATER_HEADERS = [
    "Client",
    "Service Area",
    "Expenditure Catergory",
    "Expenditure Code",
    "Paid Date",
    "Trans No",
    "Amount",
    "Type",
    "Supplier ID",
    "Supplier Name",
]


def run(folder: Path, *paths: Path) -> Report:
    mapping = load_mapping(DEMO / "oxford.toml")
    return import_files(paths, mapping=mapping, refused_folder=folder)


def later_row(voucher: str, amount: str, *, supplier: str = "XMA LIMITED") -> list[str]:
    city, area = "Oxford City Council", "Direct Services"
    return [
        city,
        area,
        "Materials",
        "D3021",
        "03/05/2016",
        voucher,
        amount,
        "Revenue",
        "2",
        supplier,
    ]


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


def test_all_files_post_the_figures_that_each_holds(tmp_path: Path) -> None:
    expected = Expected(FILES)

    report = run(tmp_path, *FILES)

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

    again = run(tmp_path, *FILES)

    assert again.counts() == {
        "read": expected.rows,
        "posted": 0,
        "present": expected.rows - expected.bad,
        "refused": expected.bad,
    }
    assert Balance.objects.count() == len(expected.suppliers) + 1


def test_demonstration_quarter_has_a_voucher_of_two_suppliers(tmp_path: Path) -> None:
    run(tmp_path, *DEMO.glob("*jul-sep-2015*"))

    transaction = Transaction.objects.get(reference="oxford-47981658")
    amounts = [each.direction * each.amount_minor for each in transaction.entries.order_by("pk")]
    assert amounts == [24911, 24911, 32797, 32797, -115416]
    assert transaction.metadata["department"] == "Direct Services"
    assert transaction.metadata["category"] == {
        "Materials": [475, 476],
        "Protective Clothing": [1012, 1013],
    }
    assert transaction.metadata["publisher"] == "Oxford City Council"


def test_later_quarter_with_other_headers_is_read(tmp_path: Path) -> None:
    rows = [
        later_row("46290475 - 1", "£1,234.50 "),
        later_row("46290475 - 2", "(34.50)"),
        later_row("46290476 - 1", "1,000.00-"),
        later_row("46290477 - 1", " 750 ", supplier="  Redacted   Personal Data "),
        later_row("46290478-1", "1,500.25", supplier=""),
    ]
    path = write_csv(tmp_path / "apr-jun-2016.csv", rows, headers=LATER_HEADERS)

    report = run(tmp_path, path)

    assert report.counts() == {"read": 5, "posted": 5, "present": 0, "refused": 0}
    assert not report.files[0].source.unused
    assert balance_of("XMA LIMITED", ledger="Suppliers").balance_minor == 200_00
    assert balance_of("Redacted Personal Data", ledger="Suppliers").balance_minor == 750_00
    assert balance_of("(blank)", ledger="Suppliers").balance_minor == 1500_25
    voucher = Transaction.objects.get(reference="oxford-46290475")
    assert voucher.entry_count == 3
    assert voucher.metadata["organisation"] == "Oxford City Council"
    assert voucher.metadata["category"] == "Materials"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("03/05/2016", "2016-05-03"),
        ("2016-05-03", "2016-05-03"),
        ("2016-05-03 00:00:00", "2016-05-03"),
        ("03-May-16", "2016-05-03"),
        ("3 May 2016", "2016-05-03"),
    ],
)
def test_dates_of_later_quarters_are_read(tmp_path: Path, text: str, moment: str) -> None:
    row = later_row("1 - 1", "5")
    row[4] = text

    run(tmp_path, write_csv(tmp_path / "later.csv", [row], headers=LATER_HEADERS))

    assert Transaction.objects.get().effective_at.date().isoformat() == moment


def test_spring_of_2014_takes_its_fallback_date(tmp_path: Path) -> None:
    row = later_row("46281108_1", "1500")
    row[4] = "00:00:00"
    name = "expenditure-over-500-apr-jun-2014.csv"

    run(tmp_path, write_csv(tmp_path / name, [row], headers=LATER_HEADERS))

    transaction = Transaction.objects.get()
    assert transaction.effective_at.date().isoformat() == "2014-06-30"
    assert transaction.metadata["fallback_date"] == "2014-06-30"


def test_demonstration_loads_once_and_holds_together() -> None:
    call_command("load_demo", stdout=StringIO())
    loaded = Transaction.objects.count(), Entry.objects.count(), Balance.objects.count()

    call_command("load_demo", stdout=StringIO())

    assert (Transaction.objects.count(), Entry.objects.count(), Balance.objects.count()) == loaded
    wallet = balance_of("Chiyo Tanaka", ledger="Customer Wallets", currency="DAYT")
    assert wallet.currency.exponent == 18
    assert wallet.balance_minor % 10**17
    assert {hold.state for hold in Hold.objects.all()} == {
        *(HoldState.INFLIGHT, HoldState.PARTLY_COMMITTED, HoldState.VOIDED)
    }
    assert run_proof(actor=None).is_ok
