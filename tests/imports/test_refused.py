from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from imports.models import Import
from imports.refused import SHOWN_MAX, list_refused
from tests.imports.files import MAPPING

HEADERS = ("Voucher", "Date", "Amount")
cells = st.text(st.sampled_from("ab1\"'\r\n,;|\t ^]-\\\0\u2028é"), max_size=8)
rows = st.lists(st.tuples(st.lists(cells, min_size=3, max_size=5), cells), max_size=6)


def refused(rows: list[tuple[list[str], str]], *, delimiter: str = ",") -> Import:
    """An import of which these rows are refused, each with its reason, from line 2 on."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow([*HEADERS, "line", "reason"])
    for line, (row, reason) in enumerate(rows, start=2):
        writer.writerow([*row[:3], line, reason, *row[3:]])
    mapping = f'{MAPPING}\n[file]\ndelimiter = "\\u{ord(delimiter):04x}"\n'
    return Import(mapping=mapping, refused_file=text.getvalue().encode("utf-8-sig"))


@given(rows=rows, delimiter=st.sampled_from(",;\t|^]-\\ "))
def test_refused_rows_are_read_as_they_were_written(
    rows: list[tuple[list[str], str]], delimiter: str
) -> None:
    found = list_refused(refused(rows, delimiter=delimiter))

    assert [(list(each.cells), each.reason) for each in found] == rows
    assert [each.line for each in found] == list(range(2, len(rows) + 2))


def test_only_the_first_are_shown() -> None:
    found = list_refused(refused([(["V", "x", str(number)], "no") for number in range(500)]))

    assert len(found) == SHOWN_MAX
    assert found[-1].cells == ("V", "x", str(SHOWN_MAX - 1))


def test_without_refused_rows_there_are_none() -> None:
    assert list_refused(Import(mapping=MAPPING)) == []
