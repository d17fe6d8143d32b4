from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.transactions.imports import HEADERS, make_row, write_csv
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

MAPPING = """
[columns]
voucher = ["Voucher"]
date = ["Date"]
amount = ["Amount"]
payee = ["Payee"]

[amount]
currency = "GBP"

[date]
formats = ["%d/%m/%Y"]

[transaction]
reference = "test-{voucher}"

[debit]
indicator = "@Treasury"

[credit]
ledger = "Payees"
owner = "{payee}"
"""

EMPTY = "payee is empty; the amount is empty; the date 'soon' cannot be read"


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def run(*arguments: object) -> tuple[str, int]:
    """What the command prints, and its exit status."""
    out = StringIO()
    try:
        call_command("import_transactions", *map(str, arguments), stdout=out, stderr=StringIO())
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    except CommandError as error:
        return str(error), error.returncode
    return out.getvalue(), 0


def read_refused(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_json_counts_rows_of_all_files(tmp_path: Path, mapping: Path) -> None:
    first = write_csv(tmp_path / "first.csv", [make_row("V1"), make_row("V2")])
    second = write_csv(tmp_path / "second.csv", [make_row("V2"), make_row("V3", amount="0")])

    out, status = run("--mapping", mapping, "--json", first, second)

    assert json.loads(out) == {"read": 4, "posted": 2, "present": 1, "refused": 1}
    assert status == 1


def test_status_is_zero_when_nothing_was_refused(tmp_path: Path, mapping: Path) -> None:
    path = write_csv(tmp_path / "file.csv", [make_row()])

    out, status = run("--mapping", mapping, path)

    assert status == 0
    assert "rows read 1, posted 1 (transactions: 1), already there 0, refused 0" in out
    assert "net GBP 10.00" in out
    assert "columns without use: Department" in out
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file.csv", "mapping.toml"]


def test_refused_rows_are_written_as_they_were(tmp_path: Path, mapping: Path) -> None:
    odd = ["V2", "15/01/2025", "0", "Café, Ltd", "x", "more"]
    rows = [make_row("V1"), make_row("V2", amount="0"), ["V3", "soon"], odd]
    path = write_csv(tmp_path / "file.csv", rows)

    out, status = run("--mapping", mapping, path)

    assert status == 1
    assert read_refused(tmp_path / "file.csv.refused.csv") == [
        [*HEADERS, "line", "reason"],
        [*make_row("V2", amount="0"), "3", "the amount is zero"],
        ["V3", "soon", "", "", "", "4", EMPTY],
        [*odd[:5], "5", "the row has 6 columns, the header 5", "more"],
    ]
    assert "line 3 refused: the amount is zero" in out
    assert "file.csv.refused.csv" in out


def test_refused_rows_can_be_mended_and_imported(tmp_path: Path, mapping: Path) -> None:
    path = write_csv(tmp_path / "file.csv", [make_row("V1"), make_row("V2", amount="?")])
    run("--mapping", mapping, path)
    refused = tmp_path / "file.csv.refused.csv"
    refused.write_text(refused.read_text("utf-8").replace("?", "5.00"), "utf-8")

    out, status = run("--mapping", mapping, "--json", refused)

    assert json.loads(out)["posted"] == 1
    assert status == 0
    assert Transaction.objects.filter(reference="test-V2").exists()


def test_refused_rows_of_an_earlier_import_go(tmp_path: Path, mapping: Path) -> None:
    path = write_csv(tmp_path / "file.csv", [make_row(amount="0")])
    run("--mapping", mapping, path)
    write_csv(path, [make_row(amount="1")])

    run("--mapping", mapping, path)

    assert not (tmp_path / "file.csv.refused.csv").exists()


def test_refused_rows_can_go_to_another_folder(tmp_path: Path, mapping: Path) -> None:
    path = write_csv(tmp_path / "file.csv", [make_row(amount="0")])
    folder = tmp_path / "refused"
    folder.mkdir()

    run("--mapping", mapping, "--refused", folder, path)

    assert [each.name for each in folder.iterdir()] == ["file.csv.refused.csv"]


def test_refused_rows_of_a_read_only_folder_go_to_the_current_one(
    tmp_path: Path, mapping: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "file.csv", [make_row(amount="0")])
    current = tmp_path / "current"
    current.mkdir()
    monkeypatch.chdir(current)
    # Root may write anywhere, so the answer of the system is replaced.
    monkeypatch.setattr("os.access", lambda folder, _mode: folder != tmp_path)

    run("--mapping", mapping, path)

    assert (current / "file.csv.refused.csv").exists()
    assert not (tmp_path / "file.csv.refused.csv").exists()


def test_folder_for_refused_rows_must_be_there_before_anything_is_posted(
    tmp_path: Path, mapping: Path
) -> None:
    path = write_csv(tmp_path / "file.csv", [make_row("V1"), make_row("V2", amount="0")])

    out, status = run("--mapping", mapping, "--refused", tmp_path / "nowhere", path)

    assert status == 2
    assert "refused rows cannot be written here" in out
    assert not Transaction.objects.exists()


def test_dry_run_writes_no_file_and_says_so(tmp_path: Path, mapping: Path) -> None:
    path = write_csv(tmp_path / "file.csv", [make_row("V1"), make_row("V2", amount="0")])

    out, status = run("--mapping", mapping, "--dry-run", path)

    assert status == 1
    assert "line 3 refused: the amount is zero" in out
    assert "This was a dry run: nothing was changed." in out
    assert not (tmp_path / "file.csv.refused.csv").exists()
    assert not Transaction.objects.exists()


def test_nothing_is_posted_when_one_of_the_files_cannot_be_read(
    tmp_path: Path, mapping: Path
) -> None:
    good = write_csv(tmp_path / "good.csv", [make_row()])
    bad = write_csv(tmp_path / "bad.csv", [make_row()], headers=["A", "B", "C", "D", "E"])

    out, status = run("--mapping", mapping, good, bad)

    assert status == 2
    assert "bad.csv: no header for voucher" in out
    assert not Transaction.objects.exists()


def test_file_named_twice_is_refused(tmp_path: Path, mapping: Path) -> None:
    path = write_csv(tmp_path / "file.csv", [make_row()])

    out, status = run("--mapping", mapping, path, path)

    assert status == 2
    assert "each named once" in out


def test_mapping_error_is_told(tmp_path: Path, mapping: Path) -> None:
    mapping.write_text(MAPPING.replace("GBP", "XXQ"), encoding="utf-8")
    path = write_csv(tmp_path / "file.csv", [make_row()])

    out, status = run("--mapping", mapping, path)

    assert status == 2
    assert "there is no currency XXQ" in out
