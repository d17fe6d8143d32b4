"""PDF: landscape pages with the heads on each, figures to the right, and nothing cut off.

The typeface, DejaVu Sans Condensed, covers the alphabetic scripts and many signs, not the
Chinese, Japanese and Korean ones or emoji: these come from typefaces of the system. What no
typeface has stands as a box, and each page with one says at its foot what the box means, and
which files have the text. Text that runs from right to left does so here, with letters unjoined.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF, TextMode
from fpdf.bidi import BidiParagraph
from fpdf.fonts import TTFFont

from web.files.tables import Column, Row, Table
from web.files.typefaces import Typeface, typefaces_of_system
from web.formatting import format_number

FONT = "body"
FONT_FILE = Path(__file__).parent / "fonts" / "DejaVuSansCondensed.ttf"
MARGIN = 36.0
GAP = 10.0
SIZE, SMALLEST, TITLE_SIZE = 8.0, 3.0, 14.0
LEADING = 1.3
PADDING = 3.0
# At most so much of a line is for numbers; longer ones are set smaller.
NUMBERS_SHARE = 0.6
GREY = 190
# Column widths follow these many rows; the rest are fitted in.
MEASURED_ROWS = 200
LINES_MAX = 20
MISSING = "□"
MINUS = "\N{MINUS SIGN}"


def write_pdf(table: Table) -> Iterator[bytes]:
    """The whole table at once; memory grows with its pages."""
    # All are read before the first is laid out, which takes longer: too many are refused at once.
    rows = list(table.read("pdf"))
    paper = _Paper(table, rows[:MEASURED_ROWS])
    for row in rows:
        paper.write(row)
    yield paper.finish()


class _Paper:
    """Pages of one table, written from top to bottom."""

    def __init__(self, table: Table, measured: Sequence[Row]) -> None:
        self.table = table
        self.page_mark = f"pages-{secrets.token_hex(8)}"
        self.pdf = pdf = FPDF(orientation="landscape", unit="pt", format="A4")
        pdf.set_auto_page_break(False)
        pdf.alias_nb_pages(self.page_mark)
        pdf.add_font(FONT, fname=FONT_FILE)
        pdf.set_font(FONT, size=SIZE)
        pdf.set_title(table.title)
        pdf.set_lang(get_language() or "en")
        self.letters = Letters(pdf)
        self.has_boxes = False
        self.widths = self._divide(measured)
        self._begin_page()

    def write(self, row: Row) -> None:
        cells = [
            [_group(cell)] if column.is_number else self.letters.wrap(cell, width, SIZE)
            for cell, column, width in self._cells(row)
        ]
        height = max(len(lines) for lines in cells) * SIZE * LEADING + 2 * PADDING
        if self.y + height > self.pdf.h - MARGIN - 2 * SIZE:
            self._end_page()
            self._begin_page()
        if row.is_total:
            self._rule(0.8)
        self._write_cells(cells, is_strong=row.is_total)
        self.y += height
        if not row.is_total:
            self._rule(0.4, grey=GREY)

    def finish(self) -> bytes:
        self._end_page()
        return bytes(self.pdf.output())

    def _cells(self, row: Row) -> Iterable[tuple[str, Column, float]]:
        return zip(row.cells, self.table.columns, self.widths, strict=True)

    def _divide(self, measured: Sequence[Row]) -> list[float]:
        """Numbers get the width they need, texts share the rest, short ones theirs first."""
        columns = self.table.columns
        sample = [Row([column.name for column in columns]), *measured]
        needs = [
            max(self.letters.width(_group(row.cells[number]), SIZE) for row in sample) + 2
            for number in range(len(columns))
        ]
        free = self.pdf.w - 2 * MARGIN - GAP * (len(columns) - 1)
        widths = [
            need if column.is_number else 0.0 for need, column in zip(needs, columns, strict=True)
        ]
        if sum(widths) > free * NUMBERS_SHARE:
            widths = [width * free * NUMBERS_SHARE / sum(widths) for width in widths]
        left = free - sum(widths)
        texts = [number for number, column in enumerate(columns) if not column.is_number]
        texts.sort(key=needs.__getitem__)
        for rank, number in enumerate(texts):
            widths[number] = min(needs[number], left / (len(texts) - rank))
            left -= widths[number]
        for number in texts:
            widths[number] += left / len(texts)
        return widths

    def _begin_page(self) -> None:
        pdf = self.pdf
        pdf.add_page()
        self.y = MARGIN
        is_first = pdf.page == 1
        size = TITLE_SIZE if is_first else SIZE
        with pdf.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.3):
            self._text(MARGIN, self.table.title, size)
        self.y += size * LEADING
        for line in self.table.subtitle if is_first else self.table.subtitle[:1]:
            for part in self.letters.wrap(line, pdf.w - 2 * MARGIN, SIZE):
                self._text(MARGIN, part, SIZE)
                self.y += SIZE * LEADING
        self._write_page_number()
        self.y += SIZE
        self._write_heads()

    def _end_page(self) -> None:
        if not self.has_boxes:
            return
        note = _("□: a character that this typeface lacks; the CSV and XLSX files have it.")
        self.y = self.pdf.h - MARGIN - 1.2 * SIZE  # the line of the page's number
        self._text(self.pdf.w - MARGIN - self.letters.width(note, SIZE), note, SIZE)
        self.has_boxes = False

    def _write_page_number(self) -> None:
        pdf = self.pdf
        pdf.set_xy(MARGIN, pdf.h - MARGIN - SIZE)
        page = _("Page %(page)s of %(pages)s") % {"page": pdf.page, "pages": self.page_mark}
        pdf.cell(w=pdf.w - 2 * MARGIN, h=SIZE, text=page)

    def _write_heads(self) -> None:
        row = Row([column.name for column in self.table.columns])
        cells = [self.letters.wrap(cell, width, SIZE) for cell, _column, width in self._cells(row)]
        self._write_cells(cells, is_strong=True)
        self.y += max(len(lines) for lines in cells) * SIZE * LEADING + PADDING
        self._rule(0.8)

    def _write_cells(self, cells: Sequence[Sequence[str]], *, is_strong: bool) -> None:
        if is_strong:
            with self.pdf.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.2):
                self._place_cells(cells)
        else:
            self._place_cells(cells)

    def _place_cells(self, cells: Sequence[Sequence[str]]) -> None:
        left, top = MARGIN, self.y
        for lines, column, width in zip(cells, self.table.columns, self.widths, strict=True):
            for number, line in enumerate(lines):
                self.y = top + PADDING + number * SIZE * LEADING
                size = self._fitting_size(line, width)
                is_right = column.is_number
                x = left + width - self.letters.width(line, size) if is_right else left
                self._text(x, line, size)
            left += width + GAP
        self.y = top

    def _fitting_size(self, line: str, width: float) -> float:
        need = self.letters.width(line, SIZE)
        return SIZE if need <= width else max(SMALLEST, SIZE * width / need)

    def _text(self, x: float, line: str, size: float) -> None:
        if not line:
            return
        ordered = self.letters.order(line)
        self.has_boxes |= self.letters.missing and MISSING in ordered
        for begins, font, part in self.letters.divide(ordered, size):
            self.pdf.set_font(font, size=size)
            self.pdf.text(x + begins, self.y + size, part)
        self.pdf.set_font(FONT, size=SIZE)

    def _rule(self, thickness: float, *, grey: int = 0) -> None:
        self.pdf.set_line_width(thickness)
        self.pdf.set_draw_color(grey)
        self.pdf.line(MARGIN, self.y, self.pdf.w - MARGIN, self.y)


class Letters:
    """What the typefaces can show, and how wide that is.

    Those of the system are only looked at for a character that is still missing.
    """

    def __init__(self, pdf: FPDF) -> None:
        self.pdf = pdf
        self.widths = _widths(pdf, FONT)
        self.fonts: dict[int, str] = {}
        self.missing = False
        self.shown = lru_cache(4096)(self._shown)

    def divide(self, line: str, size: float) -> Iterator[tuple[float, str, str]]:
        """The parts of a line: where each begins, the name of its typeface, and its characters."""
        if not self.fonts:
            yield 0.0, FONT, line
            return
        begins = 0.0
        for font, characters in groupby(line, key=lambda each: self.fonts.get(ord(each), FONT)):
            part = "".join(characters)
            yield begins, font, part
            begins += self.width(part, size)

    def width(self, line: str, size: float) -> float:
        return size * sum(self.widths.get(ord(each), 0.6) for each in self.clean(line))

    def clean(self, text: str) -> str:
        """On one line, and only of characters that the typeface has."""
        return "".join(map(self.shown, text))

    def wrap(self, text: str, width: float, size: float) -> list[str]:
        """Lines that fit; words longer than one are broken."""
        lines, line = [], ""
        for word in self.clean(text).split():
            longer = f"{line} {word}" if line else word
            if self.width(longer, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = self._broken(word, width, size)
            lines += whole
        lines.append(line)
        if len(lines) > LINES_MAX:
            lines = [*lines[: LINES_MAX - 1], "…"]
        return lines

    def order(self, line: str) -> str:
        """The characters from left to right."""
        line = self.clean(line)
        if all(unicodedata.bidirectional(each) not in ("R", "AL", "AN") for each in line):
            return line
        return BidiParagraph(line).get_reordered_string()

    def _broken(self, word: str, width: float, size: float) -> list[str]:
        parts, part, used = [], "", 0.0
        for character in word:
            step = size * self.widths.get(ord(character), 0.6)
            if part and used + step > width:
                parts.append(part)
                part, used = "", 0.0
            part += character
            used += step
        return [*parts, part]

    def _shown(self, character: str) -> str:
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp", "Zs"):
            return " "
        if category == "Cf" or "\ufe00" <= character <= "\ufe0f":
            return ""
        if ord(character) in self.widths or self._find(character):
            return character
        self.missing = True
        return MISSING

    def _find(self, character: str) -> bool:
        """Whether a typeface of the system has it; that one then shows all that is missing."""
        face = next((face for face in self._others if ord(character) in face.codes), None)
        if face is None:
            return False
        self.pdf.add_font(face.name, fname=face.path)
        widths = _widths(self.pdf, face.name)
        self.fonts = dict.fromkeys(widths.keys() - self.widths.keys(), face.name) | self.fonts
        self.widths = widths | self.widths
        return ord(character) in self.widths

    @cached_property
    def _others(self) -> list[Typeface]:
        return typefaces_of_system()


def _widths(pdf: FPDF, name: str) -> dict[int, float]:
    """Of the characters of a typeface, by their codes, as shares of its size."""
    font = pdf.fonts[name]
    assert isinstance(font, TTFFont)
    return {code: width / 1000 for code, width in font.cw.items()}


def _group(text: str) -> str:
    """A plain number as people read it: `-17100.00` is `−17,100.00`; other text stays."""
    whole, point, decimals = text.lstrip("-").partition(".")
    if not whole.isascii() or not whole.isdigit():
        return text
    return MINUS * text.startswith("-") + format_number(f"{int(whole):,}{point}{decimals}")
