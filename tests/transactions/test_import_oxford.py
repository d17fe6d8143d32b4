"""The publisher's quarter in `demo/`, and what later quarters have otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from balances.models import Balance
from tests.transactions.imports import DEMO, balance_of, import_published, write_csv
from transactions.demo import load_demo_books
from transactions.models import Entry, Hold, HoldState, Transaction
from transactions.proof import run_proof

pytestmark = pytest.mark.django_db

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


def test_demonstration_quarter_has_a_voucher_of_two_suppliers(tmp_path: Path) -> None:
    import_published(tmp_path, *DEMO.glob("*jul-sep-2015*"))

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

    report = import_published(tmp_path, path)

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

    import_published(tmp_path, write_csv(tmp_path / "later.csv", [row], headers=LATER_HEADERS))

    assert Transaction.objects.get().effective_at.date().isoformat() == moment


def test_spring_of_2014_takes_its_fallback_date(tmp_path: Path) -> None:
    row = later_row("46281108_1", "1500")
    row[4] = "00:00:00"
    name = "expenditure-over-500-apr-jun-2014.csv"

    import_published(tmp_path, write_csv(tmp_path / name, [row], headers=LATER_HEADERS))

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


def test_made_up_books_end_the_day_before_they_are_loaded() -> None:
    load_demo_books()

    latest = Transaction.objects.latest("effective_at")
    assert latest.reference.startswith("demo-payout-")
    assert latest.effective_at.date() == timezone.now().date() - timedelta(days=1)


def test_made_up_books_of_an_earlier_day_are_not_loaded_again() -> None:
    load_demo_books(datetime(2026, 1, 5, 9, 30, tzinfo=UTC))
    loaded = Transaction.objects.count()

    load_demo_books()

    assert Transaction.objects.count() == loaded
