from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from audit.models import AuditEvent
from balances.models import Balance
from identities.models import Identity
from ledgers.models import Ledger
from tests.transactions.imports import (
    balance_of,
    entries_of,
    make_mapping,
    make_row,
    reasons,
    run_import,
    treasury,
    write_csv,
)
from transactions.importing.running import import_files
from transactions.models import Transaction
from transactions.proof import run_proof

pytestmark = pytest.mark.django_db


def test_voucher_becomes_one_transaction_with_an_entry_per_line(tmp_path: Path) -> None:
    rows = [make_row("V1_1", amount="10.00"), make_row("V1_2", amount="2.50")]

    report = run_import(tmp_path, rows)

    assert report.counts() == {"read": 2, "posted": 2, "present": 0, "refused": 0}
    assert entries_of("test-V1") == [("Acme Ltd", 1000), ("Acme Ltd", 250), ("@Treasury", -1250)]
    transaction = Transaction.objects.get(reference="test-V1")
    assert transaction.description == "Acme Ltd"
    assert transaction.effective_at == datetime(2025, 1, 15, tzinfo=UTC)
    assert transaction.batch_id is not None
    assert run_proof(actor=None).is_ok


def test_negative_line_goes_the_other_way(tmp_path: Path) -> None:
    rows = [
        make_row("V1_1", amount="10.00"),
        make_row("V1_2", amount="-2.50"),
        make_row("V2", amount="(4)"),
    ]

    run_import(tmp_path, rows)

    assert entries_of("test-V1") == [("Acme Ltd", 1000), ("Acme Ltd", -250), ("@Treasury", -750)]
    assert entries_of("test-V2") == [("Acme Ltd", -400), ("@Treasury", 400)]


def test_negative_line_is_refused_where_the_mapping_says_so(tmp_path: Path) -> None:
    report = run_import(tmp_path, [make_row(amount="-2.50")], amount__negative="refuse")

    assert reasons(report) == [(2, "the amount is below zero")]


def test_net_of_zero_has_no_entry(tmp_path: Path) -> None:
    rows = [make_row("V1_1", payee="Acme"), make_row("V1_2", payee="Bolt", amount="-10.00")]

    run_import(tmp_path, rows)

    assert entries_of("test-V1") == [("Acme", 1000), ("Bolt", -1000)]


def test_voucher_that_cancels_out_on_one_balance_is_refused(tmp_path: Path) -> None:
    report = run_import(tmp_path, [make_row("V1_1"), make_row("V1_2", amount="-10.00")])

    assert report.refused == 2
    assert reasons(report)[0][1].startswith("nothing moves")
    assert not Transaction.objects.exists()


def test_each_line_can_be_a_transaction_of_its_own(tmp_path: Path) -> None:
    rows = [make_row("V1"), make_row("V1", amount="7.00")]

    run_import(tmp_path, rows, transaction__lines="each", transaction__reference="{file}:{line}")

    assert entries_of("file.csv:3") == [("Acme Ltd", 700), ("@Treasury", -700)]
    assert Transaction.objects.count() == 2


def test_same_reference_twice_is_refused_where_each_line_is_its_own(tmp_path: Path) -> None:
    report = run_import(tmp_path, [make_row("V1"), make_row("V1")], transaction__lines="each")

    assert report.counts() == {"read": 2, "posted": 1, "present": 0, "refused": 1}
    assert reasons(report) == [(3, "line 2 has the same reference, test-V1")]


def test_scattered_lines_of_a_voucher_come_together(tmp_path: Path) -> None:
    rows = [make_row("V1_1"), make_row("V2_1"), make_row("V1_2", payee="Bolt", amount="5")]

    run_import(tmp_path, rows)

    assert entries_of("test-V1") == [("Acme Ltd", 1000), ("Bolt", 500), ("@Treasury", -1500)]


def test_extra_information_says_where_a_transaction_comes_from(tmp_path: Path) -> None:
    rows = [
        make_row("V1_1", department="Finance"),
        make_row("V1_2", department="Parks"),
        make_row("V1_3", department="Finance"),
        make_row("V2_1", department="Parks"),
        make_row("V3_1", department=""),
    ]

    run_import(tmp_path, rows, transaction__constants={"publisher": "Somewhere"})

    metadata = {each.reference: each.metadata for each in Transaction.objects.all()}
    assert metadata["test-V1"] == {
        "publisher": "Somewhere",
        "department": {"Finance": [2, 4], "Parks": [3]},
        "import_file": "file.csv",
        "import_lines": [2, 3, 4],
    }
    assert metadata["test-V2"]["department"] == "Parks"
    assert "department" not in metadata["test-V3"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (make_row(amount="0"), "the amount is zero"),
        (make_row(amount="0.00"), "the amount is zero"),
        (make_row(amount=""), "the amount is empty"),
        (make_row(amount="n/a"), "the amount 'n/a' cannot be read"),
        (make_row(date=""), "the date is empty"),
        (make_row(date="00:00:00"), "the date '00:00:00' cannot be read"),
        (make_row(""), "voucher is empty"),
        (make_row("_1"), "voucher is empty"),
        (["", " ", "", "", ""], "the row is empty"),
        (
            ["", "", "xxx", "", ""],
            "voucher is empty; the amount 'xxx' cannot be read; the date is empty",
        ),
        (make_row(payee="A\x00B"), "the text holds control characters"),
        (make_row(payee="x" * 201), f"'{'x' * 40}…' is longer than 200 characters"),
        ([*make_row(), "extra"], "the row has 6 columns, the header 5"),
        (make_row("v" * 200), "Enter a reference of 1 to 200 characters."),
        (make_row(date="01/01/2999"), "The effective date lies in the future."),
    ],
)
def test_row_that_cannot_be_posted_is_refused_with_its_reason(
    tmp_path: Path, row: list[str], reason: str
) -> None:
    report = run_import(tmp_path, [row])

    assert report.counts() == {"read": 1, "posted": 0, "present": 0, "refused": 1}
    assert reasons(report) == [(2, reason)]
    assert not Transaction.objects.exists()


def test_rest_of_a_voucher_is_held_back_with_a_refused_line(tmp_path: Path) -> None:
    report = run_import(tmp_path, [make_row("V1_1"), make_row("V1_2", amount="?"), make_row("V2")])

    assert report.counts() == {"read": 3, "posted": 1, "present": 0, "refused": 2}
    assert reasons(report) == [
        (2, "line 3 of the same voucher is refused"),
        (3, "the amount '?' cannot be read"),
    ]


def test_rest_of_a_voucher_is_posted_and_marked_where_the_mapping_says_so(tmp_path: Path) -> None:
    rows = [make_row("V1_1"), make_row("V1_2", amount="?")]

    report = run_import(tmp_path, rows, transaction__incomplete="post")

    assert report.refused == 1
    assert Transaction.objects.get(reference="test-V1").metadata["refused_lines"] == [3]


def test_line_of_zero_leaves_its_voucher_complete(tmp_path: Path) -> None:
    report = run_import(tmp_path, [make_row("V1_1"), make_row("V1_2", amount="0")])

    assert report.counts() == {"read": 2, "posted": 1, "present": 0, "refused": 1}
    assert "refused_lines" not in Transaction.objects.get(reference="test-V1").metadata


def test_voucher_of_999_lines_is_posted(tmp_path: Path) -> None:
    rows = [make_row(f"V1_{line}", department=f"D{line % 40}") for line in range(999)]

    report = run_import(tmp_path, rows, transaction__metadata=["department", "voucher"])

    assert report.posted == 999
    assert Transaction.objects.get().entry_count == 1000


def test_voucher_of_more_than_999_lines_is_refused(tmp_path: Path) -> None:
    rows = [make_row("V1"), *[make_row(f"V2_{line}") for line in range(2100)], make_row("V3")]

    report = run_import(tmp_path, rows)

    assert report.counts() == {"read": 2102, "posted": 2, "present": 0, "refused": 2100}
    assert "more than 999 lines" in reasons(report)[0][1]


def test_lost_date_takes_that_of_the_file_and_is_marked(tmp_path: Path) -> None:
    fallback = [{"files": "*spring*", "date": date(2014, 6, 30)}]
    rows = [make_row("V1", date="00:00:00"), make_row("V2")]

    report = run_import(tmp_path, rows, name="Spring.csv", date__fallback=fallback)

    assert report.posted == 2
    lost, dated = Transaction.objects.order_by("reference")
    assert lost.effective_at == datetime(2014, 6, 30, tzinfo=UTC)
    assert lost.metadata["fallback_date"] == "2014-06-30"
    assert lost.metadata["date_in_file"] == "00:00:00"
    assert dated.effective_at == datetime(2025, 1, 15, tzinfo=UTC)
    assert "fallback_date" not in dated.metadata


def test_second_import_changes_nothing(tmp_path: Path) -> None:
    rows = [make_row("V1_1"), make_row("V1_2"), make_row("V2"), make_row("V3", amount="0")]
    run_import(tmp_path, rows)
    before = list(Balance.objects.order_by("pk").values()), AuditEvent.objects.count()

    again = run_import(tmp_path, rows)

    assert again.counts() == {"read": 4, "posted": 0, "present": 3, "refused": 1}
    assert (list(Balance.objects.order_by("pk").values()), AuditEvent.objects.count()) == before


def test_voucher_with_other_content_is_refused_the_second_time(tmp_path: Path) -> None:
    run_import(tmp_path, [make_row("V1")])

    again = run_import(tmp_path, [make_row("V1", amount="11.00")])

    assert again.refused == 1
    assert reasons(again)[0][1].startswith("This reference belongs to another transaction")
    assert balance_of("Acme Ltd").balance_minor == 1000


def test_dry_run_tells_the_same_and_changes_nothing(tmp_path: Path) -> None:
    rows = [make_row("V1"), make_row("V2", amount="0")]

    report = run_import(tmp_path, rows, dry_run=True)

    assert report.counts() == {"read": 2, "posted": 1, "present": 0, "refused": 1}
    assert report.net_minor == {"GBP": 1000}
    assert not Ledger.objects.filter(is_general=False).exists()
    for model in (Identity, Balance, Transaction, AuditEvent):
        assert not model._default_manager.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["file.csv"]


def test_import_is_audited_once_with_its_files_and_counts(tmp_path: Path) -> None:
    run_import(tmp_path, [make_row("V1"), make_row("V2", payee="Bolt")])

    events = {event.action: event for event in AuditEvent.objects.all()}
    assert sorted(events) == [
        "balances.opened",
        "identities.created",
        "ledger.created",
        "transactions.imported",
    ]
    assert (events["balances.opened"].after or {})["count"] == 2
    imported = events["transactions.imported"]
    assert imported.actor_name == "system"
    assert imported.after == {
        "mapping": "test.toml",
        "files": ["file.csv"],
        "read": 2,
        "posted": 2,
        "present": 0,
        "refused": 0,
        "transactions": 2,
    }


def test_batches_leave_the_same_books_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactions.importing.running.BATCH_ROWS", 3)
    rows = [make_row(f"V{number // 2}", payee=f"P{number % 3}") for number in range(20)]

    report = run_import(tmp_path, [*rows, make_row("V0", payee="P9")])

    assert report.counts() == {"read": 21, "posted": 21, "present": 0, "refused": 0}
    assert Transaction.objects.count() == 10
    assert treasury().balance_minor == -21000
    assert run_proof(actor=None).is_ok


def test_interrupted_import_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactions.importing.running.BATCH_ROWS", 4)
    path = write_csv(tmp_path / "file.csv", [make_row(f"V{number}") for number in range(40)])

    def interrupt(_report: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_files([path], mapping=make_mapping(), on_progress=interrupt)
    begun = Transaction.objects.count()
    report = import_files([path], mapping=make_mapping())

    assert 0 < begun < 40
    assert report.counts() == {"read": 40, "posted": 40 - begun, "present": begun, "refused": 0}
