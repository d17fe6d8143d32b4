"""What the two sides of an imported line can be besides owners, and files imported as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audit.models import AuditEvent
from tests.books import assert_sound, snapshot
from tests.factories import make_balance
from tests.transactions.imports import (
    HEADERS,
    balance_of,
    entries_of,
    make_mapping,
    make_row,
    reasons,
    run_import,
    treasury,
    write_csv,
)
from transactions.importing.report import Report
from transactions.importing.running import import_whole
from transactions.importing.toml import MappingError
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

OUT = {
    "columns__amount": ["Paid in"],
    "columns__out": ["Paid out"],
    "amount__less": "out",
}


def run_statement(folder: Path, *amounts: tuple[str, str], **changes: Any) -> Report:
    """Import a bank statement of two columns of amounts, with vouchers V1, V2 …"""
    rows = [
        [f"V{number}", "15/01/2025", "Acme", come, gone]
        for number, (come, gone) in enumerate(amounts, start=1)
    ]
    headers = ["Voucher", "Date", "Payee", "Paid in", "Paid out"]
    return run_import(folder, rows, headers=headers, **{**OUT, **changes})


@pytest.mark.parametrize(
    ("come", "gone", "minor"),
    [
        ("10.00", "", 10_00),
        ("", "2.50", -2_50),
        ("0.00", "2.50", -2_50),
        ("2.50", "0.00", 2_50),
        ("10.00", "2.50", 7_50),
        ("", "-2.50", 2_50),
        ("", "(2.50)", 2_50),
        (" ", " £1,002.50 ", -1002_50),
    ],
)
def test_second_column_is_taken_from_the_amount(
    tmp_path: Path, come: str, gone: str, minor: int
) -> None:
    report = run_statement(tmp_path, (come, gone))

    assert report.counts() == {"read": 1, "posted": 1, "present": 0, "refused": 0}
    assert report.net_minor == {"GBP": minor}
    assert balance_of("Acme").balance_minor == minor
    assert treasury().balance_minor == -minor


@pytest.mark.parametrize(
    ("come", "gone", "reason"),
    [
        ("", "", "the amount is empty"),
        ("0.00", "", "the amount is zero"),
        ("", "0.00", "the amount is zero"),
        ("1.00", "1.00", "the amount is zero"),
        ("1.00", "x", "the amount 'x' cannot be read"),
        ("x", "1.00", "the amount 'x' cannot be read"),
        ("1.005", "", "the amount has more than 2 decimals"),
        ("", "1.005", "the amount has more than 2 decimals"),
        ("", "5 EUR", "the amount '5 EUR' is not in GBP"),
    ],
)
def test_two_columns_that_make_no_amount_are_refused(
    tmp_path: Path, come: str, gone: str, reason: str
) -> None:
    assert reasons(run_statement(tmp_path, (come, gone))) == [(2, reason)]


def test_amounts_at_the_limit_add_up_to_none(tmp_path: Path) -> None:
    most = "9" * 36 + ".99"

    report = run_statement(tmp_path, (most, f"-{most}"), ("5.00", ""))

    assert report.counts() == {"read": 2, "posted": 1, "present": 0, "refused": 1}


def test_what_is_taken_away_may_be_refused_below_zero(tmp_path: Path) -> None:
    report = run_statement(tmp_path, ("5.00", ""), ("", "5.00"), amount__negative="refuse")

    assert report.posted == 1
    assert reasons(report) == [(3, "the amount is below zero")]


def test_second_column_may_be_lacking_where_it_is_optional(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        "columns__out": {"headers": ["Paid out"], "optional": True},
        "amount__less": "out",
    }

    report = run_import(tmp_path, [make_row()], **columns)

    assert report.net_minor == {"GBP": 10_00}


def test_one_balance_that_is_there_takes_every_line(tmp_path: Path) -> None:
    bank = make_balance(floor_minor=None)

    report = run_import(
        tmp_path,
        [make_row("V1_1"), make_row("V1_2", amount="-2.50"), make_row("V2", payee="Bolt")],
        debit={"balance": bank.key, "entries": "net"},
    )

    bank.refresh_from_db()
    assert report.posted == 3
    assert (bank.balance_minor, bank.entry_count) == (-17_50, 2)
    assert entries_of("test-V1")[:2] == [("Acme Ltd", 10_00), ("Acme Ltd", -2_50)]
    assert_sound()


def test_line_that_a_balance_cannot_bear_is_refused_alone(tmp_path: Path) -> None:
    bank = make_balance(opening_minor=15_00)

    report = run_import(
        tmp_path, [make_row("V1"), make_row("V2")], debit={"balance": bank.key, "entries": "net"}
    )

    assert reasons(report) == [(3, "A balance would fall below the lowest figure it allows.")]


def test_one_balance_on_both_sides_moves_nothing(tmp_path: Path) -> None:
    only = {"balance": make_balance(floor_minor=None).key}

    report = run_import(tmp_path, [make_row()], debit=only, credit=only)

    assert report.counts() == {"read": 1, "posted": 0, "present": 0, "refused": 1}


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "no balance with the id"),
        ("bln_x", "no balance with the id bln_x"),
        ("txn_0190a6a0-0000-7000-8000-000000000000", "no balance with the id txn_"),
        ("bln_0190a6a0-0000-7000-8000-000000000000", "no balance with the id bln_0190a6a0"),
        ("{euro}", "is in EUR, not in GBP"),
    ],
)
def test_balance_that_cannot_be_meant_stops_the_import(
    tmp_path: Path, key: str, reason: str
) -> None:
    euro = make_balance(currency="EUR", floor_minor=None).key
    side = {"balance": key.replace("{euro}", euro)}
    before = snapshot()

    with pytest.raises(MappingError, match=reason):
        run_import(tmp_path, [make_row()], debit=side, credit=side)

    assert snapshot() == before


def test_row_of_another_currency_than_the_balance_is_refused_alone(tmp_path: Path) -> None:
    sides = [{"balance": make_balance(floor_minor=None).key} for _side in range(2)]

    report = run_import(
        tmp_path,
        [[*make_row("V1"), "GBP"], [*make_row("V2"), "JPY"]],
        headers=[*HEADERS, "Currency"],
        columns__currency=["Currency"],
        amount__currency="{currency}",
        debit=sides[0],
        credit=sides[1],
    )

    assert report.posted == 1
    assert reasons(report) == [(3, "One of the balances does not exist.")]


def whole(folder: Path, *, keep: Callable[[Report], bool], batch_id: uuid.UUID) -> Report:
    return import_whole(
        write_csv(folder / "file.csv", [make_row("V1"), make_row("V2", amount="x")]),
        mapping=make_mapping(),
        batch_id=batch_id,
        refused_path=folder / "refused.csv",
        keep=keep,
    )


def test_whole_import_is_kept_under_its_batch_if_it_is_wanted(tmp_path: Path) -> None:
    batch_id = uuid.uuid4()

    report = whole(tmp_path, keep=lambda _report: True, batch_id=batch_id)

    assert report.counts() == {"read": 2, "posted": 1, "present": 0, "refused": 1}
    assert Transaction.objects.get().batch_id == batch_id
    event = AuditEvent.objects.get(action="transactions.imported")
    assert event.subject == f"batch_{batch_id}"


def test_whole_import_that_is_not_wanted_leaves_its_refused_rows_only(tmp_path: Path) -> None:
    before, seen = snapshot(), []

    def look(report: Report) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT reference FROM transactions_transaction")
            seen.extend(cursor.fetchall())
        return report.posted == 99

    whole(tmp_path, keep=look, batch_id=uuid.uuid4())

    assert seen == [("test-V1",)]
    assert snapshot() == before
    assert "cannot be read" in (tmp_path / "refused.csv").read_text("utf-8-sig")


def test_whole_import_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    before = snapshot()

    def broken(_report: Report) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        whole(tmp_path, keep=broken, batch_id=uuid.uuid4())

    assert snapshot() == before


def test_same_file_comes_to_the_same_and_another_outcome_to_another(tmp_path: Path) -> None:
    def decided(rows: list[list[str]], *, dry_run: bool = True) -> str:
        report = run_import(tmp_path, rows, dry_run=dry_run)
        digest: str = report.files[0].decided.hexdigest()
        return digest

    rows = [make_row("V1"), make_row("V2", amount="x")]
    first = decided(rows)

    assert decided(rows, dry_run=False) == first
    assert len({first, decided(rows), decided(rows[:1]), decided([*rows, make_row("V3")])}) == 4
