from __future__ import annotations

import pytest

from imports.models import Import
from imports.sample import COLUMNS_MAX, ROWS_MAX, Sample, read_sample
from transactions.importing.reading import SourceError

STATEMENT = "Date,Description,Amount\n31/01/2026,Rent,-950.00\n02/02/2026,Salary,2100.00\n"


def sample_of(content: str | bytes) -> Sample:
    if isinstance(content, str):
        content = content.encode()
    return read_sample(Import(file_name="statement.csv", content=content))


def test_sample_has_headers_and_the_rows_below_them() -> None:
    sample = sample_of(STATEMENT)

    assert sample == Sample(
        encoding="utf-8-sig",
        delimiter=",",
        headers=("Date", "Description", "Amount"),
        rows=(("31/01/2026", "Rent", "-950.00"), ("02/02/2026", "Salary", "2100.00")),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(delimiter: str) -> None:
    sample = sample_of(STATEMENT.replace(",", delimiter))

    assert sample.delimiter == delimiter
    assert sample.headers == ("Date", "Description", "Amount")


def test_decimal_commas_do_not_pass_for_columns() -> None:
    sample = sample_of("Datum;Text;Betrag\n31.01.2026;Miete;-950,00\n02.02.2026;Lohn, Mai;2,50\n")

    assert sample.delimiter == ";"
    assert sample.rows[1] == ("02.02.2026", "Lohn, Mai", "2,50")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encoding_is_found(encoding: str) -> None:
    text = "Datum;Empfänger;Betrag €\n31.01.2026;Café Zürich;1,00\n"

    sample = sample_of(text.encode(encoding))

    assert sample.headers == ("Datum", "Empfänger", "Betrag €")
    assert sample.rows == (("31.01.2026", "Café Zürich", "1,00"),)


def test_what_stands_above_the_header_is_passed_over() -> None:
    above = "sep=,\nAccount holder,Acme Ltd\nAccount,GB33 1234\nFrom 01/01/2026 to 31/01/2026,\n\n"

    sample = sample_of(above + STATEMENT)

    assert sample.headers == ("Date", "Description", "Amount")
    assert len(sample.rows) == 2


def test_header_may_lack_names() -> None:
    sample = sample_of("Date,,Amount,💰\n31/01/2026,Rent,-950.00,x\n")

    assert sample.headers == ("Date", "", "Amount", "💰")
    assert sample.columns == ("Date", "Amount", "💰")


def test_rows_have_a_cell_for_each_header() -> None:
    sample = sample_of("Date,Amount,Note\n31/01/2026,1.00\n,,\n01/02/2026,2.00,a  b,beyond\n")

    assert sample.rows == (("31/01/2026", "1.00", ""), ("01/02/2026", "2.00", "a b"))


def test_row_with_a_stray_quote_does_not_swallow_the_others() -> None:
    sample = sample_of(STATEMENT + '03/02/2026,"Open,1.00\n04/02/2026,Bread,-3.20\n')

    assert sample.rows[-1] == ("04/02/2026", "Bread", "-3.20")


def test_sample_ends_after_its_rows() -> None:
    sample = sample_of("Date,Amount\n" + "31/01/2026,1.00\n" * (ROWS_MAX + 100))

    assert len(sample.rows) == ROWS_MAX


def test_headers_on_several_lines_are_one_text() -> None:
    sample = sample_of('"Paid\nDate","Net  Amount"\n31/01/2026,1.00\n')

    assert sample.headers == ("Paid Date", "Net Amount")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Date,Amount\n\x81\x8d\x8f,1.00\n", "known encoding"),
        (b"Date,Amount\nx\x00y,1.00\n", "not text"),
        (b"31/01/2026\n01/02/2026\n", "no table"),
        (b"just a letter\nto somebody\n", "no table"),
        (b"\n\n", "no table"),
        (b"31/01/2026,Rent,-950.00\n02/02/2026,Salary,2100.00\n", "no header"),
        (b"31 Jan 2026,Rent,London,-950.00\n", "no header"),
        (b"Date,Amount,amount \n31/01/2026,1.00,2.00\n", "Two columns have the header"),
        (b"a" + b",a" * COLUMNS_MAX + b"\n", "more than 200 columns"),
    ],
    ids=["bytes", "nul", "column", "prose", "blank", "headless", "dated", "twice", "wide"],
)
def test_file_that_is_no_table_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        sample_of(content)
