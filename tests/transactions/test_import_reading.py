from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.transactions.imports import make_mapping
from transactions.importing.reading import Source, SourceError, open_source

HEADER = "Voucher,Date,Amount,Payee,Department\n"


def open_bytes(folder: Path, content: bytes, **changes: Any) -> Source:
    path = folder / "file.csv"
    path.write_bytes(content)
    return open_source(path, make_mapping(**changes))


def open_text(folder: Path, content: str, **changes: Any) -> Source:
    return open_bytes(folder, content.encode(), **changes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encoding_is_found_by_trying(tmp_path: Path, encoding: str) -> None:
    text = HEADER + "V1,15/01/2025,£1.00,Café Zürich,Finance\n"

    source = open_bytes(tmp_path, text.encode(encoding))

    [row] = source.rows()
    assert row.cells[2:4] == ["£1.00", "Café Zürich"]
    assert source.places["voucher"] == 0


def test_file_in_no_known_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read as utf-8-sig, cp1252"):
        open_bytes(tmp_path, HEADER.encode() + b"V1,\x81\x8d,,,\n")


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing\.csv: No such file"):
        open_source(tmp_path / "missing.csv", make_mapping())


def test_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the file is empty"):
        open_text(tmp_path, "\n\n")


def test_headers_are_found_in_any_order_and_spelling(tmp_path: Path) -> None:
    source = open_text(tmp_path, "payee ,AMOUNT,Colour,vou_cher,  Da te\nAcme,1,red,V1,x\n")

    assert source.places == {"voucher": 3, "date": 4, "amount": 1, "payee": 0}
    assert source.unused == ("Colour",)


def test_first_alternative_that_the_file_has_is_taken(tmp_path: Path) -> None:
    headers = ["Net Amount", "Amount"]

    source = open_text(tmp_path, "Voucher,Date,Amount,Net Amount,Payee\n", columns__amount=headers)

    assert source.places["amount"] == 3


def test_missing_header_is_named_with_those_the_file_has(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no header for amount.*the file has Voucher, Sum"):
        open_text(tmp_path, "Voucher,Sum,Date,Payee\n")


def test_header_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="two columns have the header Amount"):
        open_text(tmp_path, "Voucher,Date,Amount,Payee,amount\n")


def test_header_may_stand_below_a_title(tmp_path: Path) -> None:
    source = open_text(tmp_path, "Spending over 500\n\n" + HEADER + "V1,d,1,Acme,F\n")

    assert source.header_line == 3
    assert [row.line for row in source.rows()] == [4]


def test_other_delimiters_are_read(tmp_path: Path) -> None:
    source = open_text(tmp_path, HEADER.replace(",", ";") + "V1;d;1,50;A;F\n", file__delimiter=";")

    assert [row.cells for row in source.rows()] == [["V1", "d", "1,50", "A", "F"]]


def test_rows_know_their_line_across_blank_lines_and_line_breaks(tmp_path: Path) -> None:
    content = HEADER + '\nV1,d,1,"Acme\nLtd",F\r\n\r\n   \nV2,d,1,B,F'

    rows = list(open_text(tmp_path, content).rows())

    assert [(row.line, row.cells[0]) for row in rows] == [(3, "V1"), (7, "V2")]


def test_row_of_empty_cells_is_a_row(tmp_path: Path) -> None:
    assert [row.line for row in open_text(tmp_path, HEADER + ",,,,\n").rows()] == [2]


def test_row_with_more_cells_than_the_header_has_a_problem(tmp_path: Path) -> None:
    rows = open_text(tmp_path, HEADER + "V1,d,1,000,A,F\nV2,d,1,A,F,,\n").rows()

    wide, padded = rows
    assert wide.problem == "the row has 6 columns, the header 5"
    assert not padded.problem


def test_stray_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = ['V1,d,1,"Acme,F', "V2,d,1,B,F", 'V3,d,1,"Bad" quote,F', "V4,d,1,C,F"]

    rows = list(open_text(tmp_path, HEADER + "\n".join(lines) + "\n").rows())

    assert [(row.line, bool(row.problem)) for row in rows] == [
        (2, True),
        (3, False),
        (4, True),
        (5, False),
    ]
    assert rows[0].cells == ['V1,d,1,"Acme,F']


def test_quote_left_open_swallows_no_rows_of_a_long_file(tmp_path: Path) -> None:
    lines = [f"V{number},d,1,B,F" for number in range(1000)]
    lines[10] = 'V10,d,1,"B,F'
    lines[900] = 'V900,d,1,B","F'

    rows = list(open_text(tmp_path, HEADER + "\n".join(lines)).rows())

    assert len(rows) == 1000
    assert [row.line for row in rows if row.problem] == [12, 902]
