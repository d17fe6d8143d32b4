"""Builders for the tests of importing: a plain mapping, changed where a test says so, and files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from balances.models import Balance
from transactions.importing.loading import load_mapping, read_mapping
from transactions.importing.mapping import ImportMapping
from transactions.importing.report import Report
from transactions.importing.running import import_files
from transactions.models import Entry

DEMO = Path(__file__).parents[2] / "demo"
HEADERS = ["Voucher", "Date", "Amount", "Payee", "Department"]
TABLE: dict[str, Any] = {
    "columns": {
        "voucher": {"headers": ["Voucher"], "before": ["_"]},
        "date": ["Date"],
        "amount": ["Amount"],
        "payee": {"headers": ["Payee"], "blank": "(blank)"},
        "department": {"headers": ["Department"], "optional": True},
    },
    "amount": {"currency": "GBP", "negative": "swap", "signs": ["£"]},
    "date": {"formats": ["%d/%m/%Y"]},
    "transaction": {
        "reference": "test-{voucher}",
        "description": "{payee}",
        "metadata": ["department"],
    },
    "debit": {"indicator": "@Treasury", "entries": "net"},
    "credit": {"ledger": "Payees", "owner": "{payee}", "may_go_below_zero": True},
}


def mapping_table(**changes: Any) -> dict[str, Any]:
    """The plain mapping; `section__key` sets a key of a section, None drops it."""
    table = deepcopy(TABLE)
    for path, value in changes.items():
        *sections, key = path.split("__")
        section = table
        for name in sections:
            section = section.setdefault(name, {})
        if value is None:
            section.pop(key)
        else:
            section[key] = value
    return table


def make_mapping(**changes: Any) -> ImportMapping:
    return read_mapping(mapping_table(**changes), name="test.toml")


def make_row(
    voucher: str = "V1_1",
    *,
    date: str = "15/01/2025",
    amount: str = "10.00",
    payee: str = "Acme Ltd",
    department: str = "Finance",
) -> list[str]:
    return [voucher, date, amount, payee, department]


def write_csv(
    path: Path, rows: Sequence[Sequence[str]], *, headers: Sequence[str] = HEADERS
) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headers, *rows])
    return path


def balance_of(owner: str, *, ledger: str = "Payees", currency: str = "GBP") -> Balance:
    return Balance.objects.get(identity__name=owner, ledger__name=ledger, currency=currency)


def treasury(currency: str = "GBP") -> Balance:
    return Balance.objects.get(indicator="@Treasury", currency=currency)


def run_import(
    folder: Path,
    rows: Sequence[Sequence[str]],
    *,
    headers: Sequence[str] = HEADERS,
    name: str = "file.csv",
    dry_run: bool = False,
    **changes: Any,
) -> Report:
    path = write_csv(folder / name, rows, headers=headers)
    return import_files([path], mapping=make_mapping(**changes), dry_run=dry_run)


def reasons(report: Report) -> list[tuple[int, str]]:
    return [(each.row.line, each.reason) for each in report.files[0].first_refusals]


def entries_of(reference: str) -> list[tuple[str, int]]:
    """Owner or indicator, and the signed amount, of each entry in order."""
    entries = Entry.objects.filter(transaction__reference=reference).order_by("pk")
    return [
        (
            each.balance.identity.name if each.balance.identity else each.balance.indicator,
            each.direction * int(each.amount_minor),
        )
        for each in entries.select_related("balance__identity")
    ]


def import_published(folder: Path, *paths: Path) -> Report:
    """Import files as the publisher of the demonstration writes them."""
    mapping = load_mapping(DEMO / "oxford.toml")
    return import_files(paths, mapping=mapping, refused_folder=folder)
