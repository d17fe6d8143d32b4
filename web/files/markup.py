"""The fixed parts of an XLSX file, as ECMA-376 has them."""

from __future__ import annotations

from collections.abc import Iterable

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
WIDTH = 22

# A part is a sheet unless said otherwise: how many there will be is not known yet.
CONTENT_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
)
RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
SHEET_END = "</sheetData></worksheet>"


def sheet_begin(*, columns: int, head_row: int) -> str:
    """Up to the first row; what is above and `head_row` itself stay in view."""
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        f'<pane ySplit="{head_row}" topLeftCell="A{head_row + 1}" activePane="bottomLeft"'
        ' state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{max(columns, 1)}" width="{WIDTH}" customWidth="1"/></cols>'
        "<sheetData>"
    )


def book(sheet_count: int, *, head_row: int) -> dict[str, str]:
    """The parts that name every sheet; `head_row` is printed on each page."""
    numbers = range(1, sheet_count + 1)
    sheets = "".join(
        f'<sheet name="Sheet{number}" sheetId="{number}" r:id="rId{number}"/>' for number in numbers
    )
    names = "".join(
        f'<definedName name="_xlnm.Print_Titles" localSheetId="{number - 1}">'
        f"Sheet{number}!${head_row}:${head_row}</definedName>"
        for number in numbers
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    return {
        "xl/workbook.xml": (
            f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets>'
            f"<definedNames>{names}</definedNames></workbook>"
        ),
        "xl/_rels/workbook.xml.rels": (
            f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
            f'<Relationship Id="rId0" Type="{_OFFICE}/styles" Target="styles.xml"/>'
            "</Relationships>"
        ),
    }


def styles(formats: Iterable[tuple[str, int]], cells: Iterable[tuple[int, bool, bool]]) -> str:
    """Number formats with their ids; cells by format, whether at the right, whether bold."""
    made = [f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for code, number in formats]
    numbers = f'<numFmts count="{len(made)}">{"".join(made)}</numFmts>' if made else ""
    uses = ['<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>']
    uses += [
        f'<xf numFmtId="{number}" fontId="{int(is_strong)}" fillId="0" borderId="0" xfId="0"'
        ' applyNumberFormat="1" applyFont="1" applyAlignment="1">'
        f'<alignment horizontal="{"right" if is_right else "left"}"/></xf>'
        for number, is_right, is_strong in cells
    ]
    font = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
    return (
        f'{_XML}<styleSheet xmlns="{_MAIN}">{numbers}'
        f'<fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        "</cellStyleXfs>"
        f'<cellXfs count="{len(uses)}">{"".join(uses)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )
