"""Builders for the tests of saying how a file is read: samples, choices, and the form of both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imports.columns import ColumnsForm
from imports.models import Import
from imports.sample import Sample, read_sample
from transactions.importing.lines import Line, LineReader
from transactions.importing.loading import parse_mapping
from transactions.importing.reading import open_source

HEADERS = ("Date", "Description", "Amount")
ROWS = (("31/01/2026", "Rent", "-950.00"), ("02/02/2026", "Salary", "2,100.00"))
STATEMENT = "Date,Description,Amount\n31/01/2026,Rent,-950.00\n02/02/2026,Salary,2100.00\n"
CHOICES: dict[str, Any] = {
    "kind": "Bank statement",
    "timezone": "Europe/Oslo",
    "date": "Date",
    "date_format": "%d/%m/%Y",
    "amount": "Amount",
    "less": "",
    "decimal": ".",
    "signs": "",
    "negative": "swap",
    "currency": "GBP",
    "currency_column": "",
    "debit": "@Uncategorised",
    "debit_column": "",
    "debit_ledger": "",
    "debit_below_zero": True,
    "credit": "@Bank",
    "credit_column": "",
    "credit_ledger": "",
    "credit_below_zero": False,
    "description": "Description",
    "reference": "",
    "begins": "bank-",
    "together": False,
    "extra": [],
}


def make_sample(
    headers: Sequence[str] = HEADERS,
    rows: Sequence[Sequence[str]] = ROWS,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
) -> Sample:
    return Sample(encoding, delimiter, tuple(headers), tuple(map(tuple, rows)))


def sample_of(content: bytes) -> Sample:
    return read_sample(Import(file_name="statement.csv", content=content))


def fill(sample: Sample | None = None, **changes: Any) -> ColumnsForm:
    """The form as a browser sends it, with the plain choices but for the changes."""
    data = {name: value for name, value in {**CHOICES, **changes}.items() if value is not False}
    return ColumnsForm(data, sample=sample or make_sample())


def lines_of(folder: Path, content: bytes, mapping: str) -> list[Line]:
    """What the import reads from the rows of a file."""
    path = folder / "statement.csv"
    path.write_bytes(content)
    parsed = parse_mapping(mapping, name="test")
    source = open_source(path, parsed)
    reader = LineReader(source, parsed, {"GBP": 2, "EUR": 2, "JPY": 0})
    return [reader.read(row) for row in source.rows()]
