"""Mappings, rows and files that do not fit: each is told in words, and changes nothing."""

from __future__ import annotations

import logging
import tempfile
from typing import Any

import pytest

from imports import operations
from imports.models import Import
from imports.operations import (
    check_again,
    post_reviewed,
    set_mapping,
)
from imports.refused import list_refused
from tests.factories import (
    make_balance,
)
from tests.imports.files import (
    MAPPING,
    PAID,
    ROWS,
    TWO_AMOUNTS,
    checked,
    counts,
    csv_of,
    everything,
    make_checked,
)
from tests.transactions.imports import make_row
from transactions.importing.toml import MappingError

pytestmark = pytest.mark.django_db

State = Import.State


def test_mapping_that_cannot_be_followed_changes_nothing() -> None:
    import_ = make_checked()
    kept = Import.objects.values().get()

    for broken in (
        "",
        "[amount",
        "x = 1",
        MAPPING.replace("{payee}", "{nobody}"),
        "a = " + "[" * 50_000,
        "a = " + "9" * 5_000,
        MAPPING + '[file]\nencodings = ["zlib"]',
        MAPPING + '[file]\nencodings = ["undefined"]',
        MAPPING + '[file]\nencodings = ["a\\u0000b"]',
        MAPPING.replace("formats", 'timezone = "America"\nformats'),
        MAPPING.replace("formats", f'timezone = "{"x" * 300}"\nformats'),
        MAPPING.replace("%d/%m/%Y", "%Y %Y"),
    ):
        with pytest.raises(MappingError):
            set_mapping(import_, mapping=broken, name="Broken")

    assert Import.objects.values().get() == kept


EURO = 'balance = "{euro}"'
FIXED = 'indicator = "@Treasury"'
OWNER = 'ledger = "Payees"\nowner = "{payee}"\nmay_go_below_zero = true'


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([('currency = "GBP"', 'currency = "XXQ"')], "there is no currency XXQ"),
        ([('ledger = "Payees"', 'ledger = "General ledger"')], "General Ledger holds indicators"),
        ([(FIXED, 'balance = "bln_nonsense"')], "There is no balance with the id bln_nonsense"),
        (
            [(FIXED, 'balance = "bln_0190a6a0-0000-7000-8000-000000000000"')],
            "There is no balance with the id bln_0190a6a0",
        ),
        ([(FIXED, EURO)], "is in EUR, not in GBP"),
        ([(FIXED, EURO), (OWNER, EURO)], "is in EUR, not in GBP"),
        ([('"Amount"', '"Sum"')], "payments.csv: no header for amount"),
        ([("[columns]", '[file]\nencodings = ["ascii"]\n[columns]')], "payments.csv: the text"),
    ],
)
def test_mapping_that_does_not_fit_these_books_or_this_file_says_why(
    changes: list[tuple[str, str]], reason: str
) -> None:
    mapping = MAPPING
    for old, new in changes:
        assert old in mapping
        mapping = mapping.replace(old, new)
    euro = make_balance(currency="EUR", floor_minor=None).key
    before = everything()

    import_ = make_checked([make_row(payee="Café")], mapping=mapping.replace("{euro}", euro))

    assert import_.state == State.NEW
    assert reason in import_.problem
    assert tempfile.gettempdir() not in import_.problem
    assert (import_.report, bytes(import_.refused_file)) == ({}, b"")
    assert everything() == before


def test_both_sides_on_one_balance_are_refused_line_by_line() -> None:
    only = f'balance = "{make_balance(floor_minor=None).key}"'

    import_ = make_checked(mapping=MAPPING.replace(FIXED, only).replace(OWNER, only))

    assert counts(import_) == (1, 0, 0, 1)


def test_header_that_is_no_text_is_told() -> None:
    import_ = make_checked(content="Voucher,Date,Amount,Payee,\0\nV1".encode("utf-16"))

    assert (import_.state, import_.problem) == (State.NEW, "payments.csv: the header is no text")


def test_message_about_a_file_without_end_is_short() -> None:
    import_ = make_checked(content=b"x," * 100_000)

    assert import_.state == State.NEW
    assert 0 < len(import_.problem) <= operations.PROBLEM_LENGTH_MAX


def test_what_nobody_foresaw_is_logged_and_leaves_the_file(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import_ = make_checked(ROWS)
    seen = checked(import_).outcome
    before = everything()

    def broken(*_args: Any, **_options: Any) -> None:
        raise ZeroDivisionError("nobody foresaw")

    monkeypatch.setattr(operations, "_leave", broken)
    with caplog.at_level(logging.ERROR):
        post_reviewed(import_, reviewed=seen)

    import_.refresh_from_db()
    assert everything() == before
    assert import_.state == State.NEW
    assert "Something went wrong, and nothing was imported" in import_.problem
    assert (import_.report, bytes(import_.refused_file)) == ({}, b"")
    assert "nobody foresaw" in caplog.text
    monkeypatch.undo()
    check_again(import_)
    import_.refresh_from_db()
    assert checked(import_).outcome == seen


def test_refused_rows_can_be_read_back_whatever_they_hold() -> None:
    odd = [
        *csv_of([make_row("V1", payee='a "quoted", one'), make_row("V2", amount="x\r\ny")])
        .decode()
        .splitlines(keepends=True),
        f'V3,15/01/2025,"{"stray " * 40_000}\r\n',
        "V4,15/01/2025,5,Acme,Parks,too,wide\r\n",
        "V5\r\n",
        "V6,15/01/2025,\0,Acme,\x1b[31m\r\n",
    ]

    import_ = make_checked(content=b"\xef\xbb\xbf" + "".join(odd).encode())

    rows = list_refused(import_)
    assert counts(import_)[3] == len(rows) == 5
    assert [row.cells[0][:2] for row in rows] == ["V2", "V3", "V4", "V5", "V6"]
    assert rows[0].cells[2] == "x\r\ny"
    assert rows[2].cells[-2:] == ("too", "wide")


def test_amounts_at_the_limit_are_refused_row_by_row() -> None:
    most = "9" * 36 + ".99"
    rows = [
        ["V1", "15/01/2025", "Acme", most, f"-{most}"],
        ["V2", "15/01/2025", "Acme", "5.00", ""],
    ]

    import_ = make_checked(content=csv_of(rows, headers=PAID), mapping=TWO_AMOUNTS)

    assert counts(import_) == (2, 1, 0, 1)


def test_rows_in_another_currency_than_a_balance_are_refused_alone() -> None:
    headers = ["Voucher", "Date", "Amount", "Payee", "Currency"]
    rows = [
        ["V1", "15/01/2025", "5", "Acme", "GBP"],
        ["V2", "15/01/2025", "5", "Acme", "JPY"],
    ]
    mapping = MAPPING.replace('currency = "GBP"', 'currency = "{currency}"').replace(
        'department = { headers = ["Department"]', 'currency = { headers = ["Currency"]'
    )
    mapping = mapping.replace('metadata = ["department"]', "")
    one, other = make_balance(floor_minor=None), make_balance(floor_minor=None)

    import_ = make_checked(
        content=csv_of(rows, headers=headers),
        mapping=mapping.replace(FIXED, f'balance = "{one.key}"').replace(
            OWNER, f'balance = "{other.key}"'
        ),
    )

    assert counts(import_) == (2, 1, 0, 1)
    assert list_refused(import_)[0].reason == "One of the balances does not exist."
