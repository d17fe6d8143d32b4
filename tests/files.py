"""Reading back the files that the application writes, without the packages that wrote them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from typing import Any
from xml.etree import ElementTree

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_STREAM = re.compile(rb"stream\n(.*?)\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"/F(\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj|( ET)", re.DOTALL)
_MAPPED = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>")


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def read_csv(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def read_xlsx(body: bytes, *, sheet: int = 1) -> list[list[str]]:
    """The cells of a sheet as their text stands in the file; a formula fails."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        root = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314 our own
    assert root.find(f".//{_SHEET}f") is None, "a formula"
    return [[_cell(cell) for cell in row] for row in root.iter(f"{_SHEET}row")]


def is_number(cell_text: str, body: bytes) -> bool:
    """Whether the sheet has this text as the value of a number."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return f"<v>{cell_text}</v>" in archive.read("xl/worksheets/sheet1.xml").decode()


def _cell(cell: ElementTree.Element) -> str:
    text = "".join(
        part.text or "" for part in cell.iter() if part.tag in {f"{_SHEET}v", f"{_SHEET}t"}
    )
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def read_pdf(body: bytes) -> list[list[str]]:
    """The texts of each page, in the order they were written."""
    streams = [_inflated(match[1]) for match in _STREAM.finditer(body)]
    fonts = [_letters(stream) for stream in streams if b"beginbfchar" in stream]
    # The figures of letters may hold any few bytes.
    return [_texts(stream, fonts) for stream in streams if b" Tj ET" in stream]


def _letters(stream: bytes) -> dict[bytes, str]:
    return {
        bytes.fromhex(code.decode()): bytes.fromhex(text.decode()).decode("utf-16-be")
        for code, text in _MAPPED.findall(stream)
    }


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _texts(stream: bytes, fonts: list[dict[bytes, str]]) -> list[str]:
    texts, text, letters = [], "", fonts[0]
    for font, shown, end in _SHOWN.findall(stream):
        if font:
            letters = fonts[int(font) - 1]
        if end:
            texts.append(text)
            text = ""
        code = re.sub(rb"\\(.)", _unescape, shown, flags=re.DOTALL)
        text += "".join(letters[code[at : at + 2]] for at in range(0, len(code), 2))
    return [each for each in texts if each]


def _unescape(match: re.Match[bytes]) -> bytes:
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(match[1], match[1])
