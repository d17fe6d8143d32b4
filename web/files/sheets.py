"""XLSX: one sheet, with the title above the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from web.files.tables import Row, Table

# What a double keeps for certain.
DIGITS_MAX = 15
CELL_LENGTH_MAX = 32_767
WIDTH = 22
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


@dataclass(slots=True)
class _Styles:
    """The styles of cells, each made once; a workbook keeps every one it is asked for."""

    workbook: Workbook
    made: dict[tuple[bool, bool, int | None], Format] = field(default_factory=dict)

    def get(self, *, is_number: bool, is_strong: bool, decimals: int | None = None) -> Format:
        key = (is_number, is_strong, decimals)
        if key not in self.made:
            self.made[key] = self.workbook.add_format(
                {
                    "align": "right" if is_number else "left",
                    "bold": is_strong,
                    "num_format": "@" if decimals is None else _number_format(decimals),
                }
            )
        return self.made[key]


def write_xlsx(table: Table, file: IO[bytes]) -> None:
    """Title, heads, rows and totals; the rows go to disk as they come."""
    with Workbook(file, OPTIONS) as workbook:
        sheet, styles = workbook.add_worksheet(), _Styles(workbook)
        sheet.set_column(0, len(table.columns) - 1, WIDTH)
        text = styles.get(is_number=False, is_strong=False)
        title = styles.get(is_number=False, is_strong=True)
        sheet.write_string(0, 0, _fitting(table.title), title)
        for number, line in enumerate(table.subtitle, 1):
            sheet.write_string(number, 0, _fitting(line), text)
        top = len(table.subtitle) + 2
        _write_heads(table, sheet, styles, top)
        for number, row in enumerate(table.read("xlsx"), top + 1):
            _write_row(table, sheet, styles, number, row)


def _write_heads(table: Table, sheet: Worksheet, styles: _Styles, number: int) -> None:
    for column_number, column in enumerate(table.columns):
        style = styles.get(is_number=column.is_number, is_strong=True)
        sheet.write_string(number, column_number, _fitting(column.name), style)
    sheet.freeze_panes(number + 1, 0)
    sheet.repeat_rows(number)


def _write_row(table: Table, sheet: Worksheet, styles: _Styles, number: int, row: Row) -> None:
    for column_number, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True)):
        if not cell:
            continue
        if column.is_number and is_kept_by_double(cell):
            decimals = len(cell.partition(".")[2])
            style = styles.get(is_number=True, is_strong=row.is_total, decimals=decimals)
            sheet.write_number(number, column_number, float(cell), style)
        else:
            style = styles.get(is_number=column.is_number, is_strong=row.is_total)
            sheet.write_string(number, column_number, _fitting(cell), style)


def is_kept_by_double(text: str) -> bool:
    """Whether the plain number `text` comes out of a spreadsheet as it went in."""
    digits = text.lstrip("-").replace(".", "").lstrip("0")
    # The second as the file will say it.
    return len(digits) <= DIGITS_MAX and Decimal(f"{float(text):.16G}") == Decimal(text)


def _number_format(decimals: int) -> str:
    return f"#,##0.{'0' * decimals}" if decimals else "#,##0"


def _fitting(text: str) -> str:
    return text if len(text) <= CELL_LENGTH_MAX else text[: CELL_LENGTH_MAX - 1] + "…"
