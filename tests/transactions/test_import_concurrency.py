from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from balances.models import Balance
from identities.models import Identity
from ledgers.models import Ledger
from tests.conftest import OwnDatabase
from tests.transactions.imports import make_mapping, make_row, write_csv
from transactions.errors import BusyError
from transactions.importing import running
from transactions.importing.running import import_files
from transactions.models import Transaction
from transactions.proof import run_proof


def test_imports_of_the_same_file_at_once_post_each_voucher_once(
    own_database: OwnDatabase, tmp_path: Path
) -> None:
    rows = [make_row(f"V{number}", payee=f"Payee {number % 200}") for number in range(3000)]
    path = write_csv(tmp_path / "file.csv", rows)

    def run(_number: int) -> Counter[str]:
        try:
            return Counter(import_files([path], mapping=make_mapping()).counts())
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        counts = sum(threads.map(run, range(3)), Counter())

    assert counts == {"read": 9000, "posted": 3000, "present": 6000}
    assert Transaction.objects.count() == 3000
    assert Balance.objects.count() == 201
    assert Identity.objects.count() == 200
    assert Ledger.objects.count() == 2
    assert run_proof(actor=None).is_ok


def test_import_says_busy_where_another_keeps_opening_the_same_owners(
    own_database: OwnDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PAUSE_SECONDS", 0)
    path = write_csv(tmp_path / "file.csv", [make_row("V1")])

    with own_database.owner() as holder:
        holder.execute("LOCK TABLE identities_identity IN EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        with pytest.raises(BusyError):
            import_files([path], mapping=make_mapping())
        holder.rollback()

    assert import_files([path], mapping=make_mapping()).posted == 1
