from __future__ import annotations

import json
import secrets
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from tests.files import body_of, is_number, read_csv, read_pdf, read_xlsx
from web.files import (
    ROWS_MAX,
    STREAMS,
    Column,
    Table,
    TooManyRowsError,
    send_file,
    sheets,
    write_chunks,
)

COLUMNS = [Column("Text"), Column("Amount", is_number=True)]
READERS: dict[str, Any] = {"csv": read_csv, "xlsx": read_xlsx}
HOSTILE = [
    '=HYPERLINK("http://x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u200b=1",
    "\uff1d1",
    "fine;=1+1",
    "fine\n=1+1",
]
TEXTS = [
    "<script>alert(1)</script>",
    'Müller, "Groß" & Söhne',
    "שלום עליכם",
    "漢字",
    "😀",
    "two\nlines",
    "bell\x07",
    "_x0041_",
    "\ufffe\uffff",
    "{nb}",
    "a" * 40_000,
    "",
]


def table(*rows: list[str], **changes: Any) -> Table:
    fields: dict[str, Any] = {"title": "Title", "subtitle": ["Sub"], "columns": COLUMNS}
    return Table(**{**fields, "rows": rows, **changes})


def written(kind: str, *rows: list[str], **changes: Any) -> bytes:
    return body_of(send_file(table(*rows, **changes), kind=kind, name="table"))


@pytest.mark.parametrize("text", HOSTILE)
def test_text_never_is_a_formula(text: str) -> None:
    cell = read_csv(written("csv", [text, "1.00"]))[1][0]

    assert cell.replace("'", "") == text
    for part in cell.replace("\t", ";").replace("\r", ";").replace("\n", ";").split(";"):
        assert part.strip()[:1] not in ("=", "+", "-", "@", "\uff1d", "\u200b")
    assert read_xlsx(written("xlsx", [text, "1.00"]))[-1] == [text, "1"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_text_comes_out_as_it_went_in(kind: str, text: str) -> None:
    last = READERS[kind](written(kind, [text, "1.00"]))[-1]

    kept = text if kind == "csv" or len(text) < 32_767 else text[:32_766] + "…"
    assert (last[0] if len(last) == 2 else "") == kept


@pytest.mark.parametrize(
    "amount",
    [
        "-17100.00",
        "0.00",
        "0.10",
        "999999999999.999",
        "9999999999999.99",
        "9.99999999999999",
        "12345678901234.56",
        "99999999999999999999.999999999999999999",
        "-0.000000000000000001",
        "",
    ],
)
def test_amounts_are_exact(amount: str) -> None:
    body = written("xlsx", ["x", amount])
    shown = (read_xlsx(body)[-1] + [""])[1]
    paper = amount.replace("-", "−")

    assert read_csv(written("csv", ["x", amount]))[1][1] == amount
    if is_number(shown, body):
        assert len(amount.strip("-0.").replace(".", "")) <= 15
        assert float(shown) == float(amount)
    else:
        assert shown == amount
    assert paper in [
        each.replace(",", "") for each in read_pdf(written("pdf", ["x", amount]))[0]
    ] + [""]


def test_a_number_column_takes_only_plain_numbers() -> None:
    for cell in ("=1", "1,000.00", "−1.00", "1e5", " 1"):
        with pytest.raises(ValueError, match="No plain number"):
            written("csv", ["x", cell])


@pytest.fixture
def typefaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the system's typefaces: empty."""
    monkeypatch.setattr("web.files.typefaces.FOLDERS", [tmp_path])
    return tmp_path


def install(folder: Path, name: str, characters: str) -> None:
    """A typeface of black squares for these."""
    glyphs = [".notdef", *(f"u{ord(each):04X}" for each in characters)]
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 900), (900, 900), (900, 0)):
        pen.lineTo(corner)
    pen.closePath()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(glyphs)
    font.setupCharacterMap(dict(zip(map(ord, characters), glyphs[1:], strict=True)))
    font.setupGlyf(dict.fromkeys(glyphs, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 0)))
    font.setupHorizontalHeader(ascent=900, descent=-100)
    font.setupNameTable({"familyName": name, "styleName": "Regular", "psName": name})
    font.setupOS2()
    font.setupPost()
    font.save(folder / name)


def test_paper_takes_from_typefaces_of_the_system_what_ours_lacks(typefaces: Path) -> None:
    (typefaces / "noto").mkdir()
    install(typefaces / "noto", "NotoSansCJK-Regular.ttc", "山a")
    install(typefaces, "Symbola_hint.ttf", "山🤖")
    install(typefaces, "unknown.ttf", "田")

    (page,) = read_pdf(written("pdf", ["a山山 🤖", "1.00"], ["Ada", "2.00"], ["田", "3.00"]))

    at = page.index("山山")
    assert page[at - 1 : at + 3] == ["a", "山山", " ", "🤖"]
    assert page[page.index("Ada") + 2] == "□"
    assert any("□: a character that" in text for text in page)


def test_lines_break_by_the_widths_of_each_typeface(typefaces: Path) -> None:
    install(typefaces, "NotoSansCJK-Regular.ttc", "山")

    (page,) = read_pdf(written("pdf", ["山" * 150, "1.00"]))

    lines = [text for text in page if "山" in text]
    assert sum(map(len, lines)) == 150
    assert len(lines) == 2
    assert "□" not in "".join(page)


@pytest.mark.usefixtures("typefaces")
def test_paper_shows_every_text_or_a_box_and_says_so() -> None:
    rows = [[text, "1.00"] for text in [*HOSTILE, *TEXTS]]

    pages = read_pdf(written("pdf", *rows, totals=[["Total", "23.00"]]))

    texts = [text for page in pages for text in page]
    assert {"{nb}", "□□", "םכילע םולש", "<script>alert(1)</script>", "two lines"} <= set(texts)
    assert texts.count("Title") == len(pages)
    assert f"Page 1 of {len(pages)}" in pages[0]
    assert "23.00" in pages[-1]


@pytest.mark.usefixtures("typefaces")
def test_each_page_of_paper_with_a_box_says_what_it_means() -> None:
    plain, beyond = ["Ada", "1.00"], ["山田", "1.00"]
    note = "□: a character that this typeface lacks; the CSV and XLSX files have it."

    pages = read_pdf(written("pdf", beyond, *[plain] * 60, beyond))

    assert len(pages) == 3
    assert [note in page for page in pages] == [True, False, True]
    assert not any(note in page for page in read_pdf(written("pdf", plain)))


def test_names_of_files_fit_a_header_in_any_script() -> None:
    response = send_file(table(), kind="csv", name='Größe/../"x"\r\nSet-Cookie: a')

    disposition = response.headers["Content-Disposition"]
    assert disposition == "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe-x-Set-Cookie-a.csv"
    assert response.headers["Content-Length"] == str(len(body_of(response)))


def test_an_error_at_the_last_row_sends_nothing() -> None:
    def rows() -> Iterator[list[str]]:
        yield ["x", "1.00"]
        raise RuntimeError("no tie")

    for kind in ("csv", "xlsx", "pdf"):
        with pytest.raises(RuntimeError, match="no tie"):
            send_file(table(rows=rows()), kind=kind, name="x")


def test_rows_beyond_the_format_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROWS_MAX, "pdf", 2)

    assert written("csv", *[["x", "1"]] * 3)
    assert written("pdf", *[["x", "1"]] * 2)
    with pytest.raises(TooManyRowsError, match="PDF file holds at most 2 lines"):
        written("pdf", *[["x", "1"]] * 3)


@pytest.mark.parametrize("kind", STREAMS)
def test_memory_does_not_grow_with_the_rows(kind: str) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        rows = ([str(number), "1.00"] for number in range(count))
        for _piece in write_chunks(table(rows=rows), kind=kind):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(40_000) < peak(10_000) + 100_000


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_begins_before_its_rows_end(kind: str) -> None:
    def rows() -> Iterator[list[str]]:
        while True:
            yield [secrets.token_hex(500), "1.00"]

    chunks = write_chunks(table(rows=rows()), kind=kind)

    assert sum(len(next(chunks)) for _number in range(3)) > 100_000


def test_json_lines_hold_each_row_as_texts_by_key_and_say_their_end() -> None:
    columns = [Column("Name", key="name"), Column("Amount", is_number=True, key="amount")]
    texts = [*HOSTILE, *TEXTS, "next\x85line\u2028end"]
    rows = [[text, "99999999999999999999.999999999999999999"] for text in texts]

    body = written("jsonl", *rows, columns=columns, totals=[["Total", "5.00"], ["", "6"]])

    head, *lines, end = [json.loads(line) for line in body.decode().splitlines()]
    assert lines == [{"name": text, "amount": amount} for text, amount in rows]
    assert head["table"]["title"] == "Title"
    assert head["table"]["columns"][1] == {"key": "amount", "name": "Amount"}
    totals = [{"name": "Total", "amount": "5.00"}, {"amount": "6"}]
    assert end == {"end": {"rows": len(texts), "totals": totals}}


def test_a_sheet_that_is_full_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SHEET_ROWS_MAX", 6)  # title, subtitle, empty, heads and two rows

    rows = [[f"row {number}", "1"] for number in range(4)]
    body = written("xlsx", *rows, totals=[["Total", "4"]])

    heads = ["Text", "Amount"]
    assert read_xlsx(body)[-3:] == [heads, ["row 0", "1"], ["row 1", "1"]]
    assert read_xlsx(body, sheet=2)[-3:] == [heads, ["row 2", "1"], ["row 3", "1"]]
    assert read_xlsx(body, sheet=3)[-2:] == [heads, ["Total", "4"]]
