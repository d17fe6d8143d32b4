from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.transactions.imports import make_mapping
from transactions.importing.loading import load_mapping, parse_mapping, read_mapping
from transactions.importing.mapping import Entries, Incomplete, Lines, Negative, plain_header
from transactions.importing.toml import MappingError

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo" / "oxford.toml"
GUIDE = ROOT / "docs" / "importing.md"


def test_mapping_of_the_demonstration_can_be_loaded() -> None:
    mapping = load_mapping(DEMO)

    assert mapping.transaction.lines is Lines.TOGETHER
    assert mapping.amount.negative is Negative.SWAP
    assert mapping.debit.indicator is not None
    assert mapping.debit.entries is Entries.NET
    assert mapping.credit.ledger == "Suppliers"


def test_mapping_of_the_guide_can_be_loaded() -> None:
    whole, fallback = re.findall(r"```toml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)

    mapping = read_mapping(tomllib.loads(whole + fallback), name="guide")

    assert mapping.credit.ledger == "Suppliers"
    assert len(mapping.date.fallbacks) == 1


def test_mapping_is_careful_where_it_says_nothing() -> None:
    mapping = make_mapping(amount__negative=None, credit__may_go_below_zero=None)

    assert mapping.amount.negative is Negative.REFUSE
    assert mapping.transaction.incomplete is Incomplete.REFUSE
    assert not mapping.credit.may_go_below_zero


@pytest.mark.parametrize(
    "header", ["Paid Date", "paid_date", " PAID  DATE ", "PaidDate", "\ufeffPaid Date", "paid date"]
)
def test_headers_are_alike_without_case_spaces_and_underscores(header: str) -> None:
    assert plain_header(header) == "paiddate"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": None}, "columns is missing"),
        ({"columns__amount": 5}, r"\[columns\] amount must be a list of headers"),
        ({"columns__amount": []}, r"\[columns.amount\] headers must name at least one"),
        ({"columns__amount": {"header": ["x"]}}, r"\[columns.amount\] headers is missing"),
        ({"columns__line": ["Line"]}, "'line' cannot be the name of a column"),
        ({"columns__payee__optinal": True}, "optinal is not known; did you mean optional"),
        ({"amount__currency": None}, r"\[amount\] currency is missing"),
        ({"amount__negative": "flip"}, '"swap", "refuse", not \'flip\''),
        ({"amount__decimal": ";"}, "decimal must be"),
        ({"amount__column": "sum"}, "amount.column names the column sum"),
        ({"amount__column": "date"}, "name the same column"),
        ({"amount__less": "out"}, "amount.less names the column out"),
        ({"amount__less": 5}, "less must be a text"),
        ({"date__formats": ["dd/mm/yyyy"]}, "'dd/mm/yyyy' is not a date's format"),
        ({"date__formats": ["%d/%m/%Y %Y"]}, "'%d/%m/%Y %Y' is not a date's format"),
        ({"date__timezone": "Mars/Base"}, "unknown timezone 'Mars/Base'"),
        ({"date__timezone": "America"}, "unknown timezone 'America'"),
        ({"date__timezone": "../../etc/passwd"}, "unknown timezone"),
        ({"date__timezone": "x" * 300}, "unknown timezone"),
        ({"date__fallback": [{"files": "*", "date": "2014-06-30"}]}, "date must be a date"),
        ({"transaction__reference": "fixed"}, "reference must name a column"),
        ({"transaction__reference": "{voucher"}, "reference: "),
        ({"transaction__reference": "{voucher.x}"}, "only a column's name may stand in braces"),
        ({"transaction__reference": "{nobody}"}, "names the column nobody"),
        ({"transaction__lines": "both"}, '"together", "each", not \'both\''),
        ({"transaction__metadata": ["import_file"]}, "the import itself writes import_file"),
        ({"transaction__constants": {"year": 2014}}, "constants must be texts"),
        ({"debit__indicator": "Treasury"}, "indicator must begin with @"),
        ({"debit__balance": "bln_1"}, r"\[debit\] balance is not known"),
        ({"credit": {"balance": "bln_{payee}"}}, "balance must be the id of one balance"),
        ({"credit": {"balance": "bln_1", "ledger": "Payees"}}, r"\[credit\] ledger is not known"),
        ({"credit__ledger": "Pay\0ees"}, "ledger holds a character that no text may hold"),
        ({"credit__owner": None}, r"\[credit\] owner is missing"),
        ({"credit__owner": "{line}"}, "credit names the column line"),
        ({"credit__owner_kind": "robot"}, "owner_kind must be one of"),
        ({"file__encodings": ["klingon"]}, "unknown encoding 'klingon'"),
        ({"file__encodings": ["zlib"]}, "unknown encoding 'zlib'"),
        ({"file__encodings": ["undefined"]}, "unknown encoding 'undefined'"),
        ({"file__encodings": ["a\0b"]}, "unknown encoding"),
        ({"file__delimiter": ", "}, "delimiter must be one character"),
        ({"colour": "red"}, "colour is not known"),
    ],
)
def test_mapping_error_names_the_place_and_the_reason(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(MappingError, match=message):
        make_mapping(**changes)


def test_mapping_error_names_the_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[amount\n", encoding="utf-8")

    with pytest.raises(MappingError, match=r"broken\.toml: "):
        load_mapping(broken)
    with pytest.raises(MappingError, match=r"missing\.toml: "):
        load_mapping(tmp_path / "missing.toml")


@pytest.mark.parametrize(
    "text", ["[amount\n", "a = " + "[" * 50_000, "a = " + "9" * 5_000, "a = 1\na = 2", "\0", ""]
)
def test_text_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(MappingError):
        parse_mapping(text, name="any")


def test_fallback_date_is_for_the_files_it_names() -> None:
    rules = load_mapping(DEMO).date

    assert rules.fallback_for(Path("x/Expenditure-Over-500-Apr-Jun-2014.csv")) is not None
    assert rules.fallback_for(Path("x/expenditure-over-500-apr-jun-2015.csv")) is None
