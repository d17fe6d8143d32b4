"""Builders for the tests of imports: small files, and the mapping that reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from identities.models import Identity
from imports.checking import Checked
from imports.models import Import
from imports.operations import post_reviewed, set_mapping, upload
from tests.books import snapshot
from tests.factories import make_user
from tests.schedules.test_jobs import ask
from tests.transactions.imports import HEADERS, make_row
from users.models import User

# Payments out of @Treasury to payees; a negative one goes the other way.
MAPPING = """
[columns]
voucher = { headers = ["Voucher"], before = ["_"] }
date = ["Date"]
amount = ["Amount"]
payee = { headers = ["Payee"], blank = "(blank)" }
department = { headers = ["Department"], optional = true }

[amount]
currency = "GBP"
negative = "swap"
signs = ["£"]

[date]
formats = ["%d/%m/%Y"]

[transaction]
reference = "test-{voucher}"
description = "{payee}"
metadata = ["department"]

[debit]
indicator = "@Treasury"
entries = "net"

[credit]
ledger = "Payees"
owner = "{payee}"
may_go_below_zero = true
"""


def csv_of(rows: Sequence[Sequence[str]], *, headers: Sequence[str] = HEADERS) -> bytes:
    """A file of these rows, as programs write them."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([headers, *rows])
    return text.getvalue().encode()


PAID = ["Voucher", "Date", "Payee", "Paid in", "Paid out"]
TWO_AMOUNTS = (
    MAPPING.replace('amount = ["Amount"]', 'amount = ["Paid in"]\nout = ["Paid out"]')
    .replace('currency = "GBP"', 'currency = "GBP"\nless = "out"')
    .replace('"Department"', '"Area"')
)
ROWS = [
    make_row("V1_1", amount="10.00", payee="Acme Ltd"),
    make_row("V2", amount="7.50", payee="Bolt"),
    make_row("V1_2", amount="-2.50", payee="Core"),
    make_row("V3", amount="nonsense"),
    make_row("V4", date="soon"),
    make_row("V5", amount="-4.00", payee="Bolt"),
    make_row("V6_1", amount="1.00"),
    make_row("V6_2", amount="one"),
]


def make_rows(count: int, *, payees: int = 10, amount: str = "10.00") -> list[list[str]]:
    """Payments of vouchers V1, V2 … to payees that take turns."""
    return [
        make_row(f"V{number}", amount=amount, payee=f"Payee {number % payees}")
        for number in range(1, count + 1)
    ]


def make_import(
    rows: Sequence[Sequence[str]] | None = None,
    *,
    content: bytes | None = None,
    file_name: str = "payments.csv",
    user: User | None = None,
) -> Import:
    """A file that came and waits to be told how it is read; of one row, if nothing is said."""
    if content is None:
        content = csv_of(rows if rows is not None else [make_row()])
    return upload(user=user or make_user(), file_name=file_name, content=content)


def make_checked(
    rows: Sequence[Sequence[str]] | None = None,
    *,
    mapping: str = MAPPING,
    content: bytes | None = None,
    file_name: str = "payments.csv",
    user: User | None = None,
) -> Import:
    """One that was checked, or, if it is large, waits for the worker to do so."""
    import_ = make_import(rows, content=content, file_name=file_name, user=user)
    set_mapping(import_, mapping=mapping, name="Payments")
    import_.refresh_from_db()
    return import_


def checked(import_: Import) -> Checked:
    found = Checked.of(import_)
    assert found
    return found


def counts(import_: Import) -> tuple[int, int, int, int]:
    """Rows read, posted, already there and refused."""
    found = checked(import_)
    return found.read, found.posted, found.present, found.refused


def post(import_: Import) -> Import:
    """Import what was checked."""
    assert post_reviewed(import_, reviewed=checked(import_).outcome)
    import_.refresh_from_db()
    return import_


def everything() -> list[Any]:
    """The books, and what else an import makes."""
    return [*snapshot(), Identity.objects.count(), *ask("SELECT name FROM ledgers_ledger")]
