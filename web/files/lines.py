"""JSON Lines: one JSON value on each line, in UTF-8.

The first line says what it is: `{"table": {"title": …, "about": […], "columns": […]}}`. Then each
row is an object of texts by the columns' keys: amounts are texts too, since most programs read
JSON's numbers as doubles. The last line, `{"end": {"rows": 3, "totals": […]}}`, stands only where
the file is whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from web.files.tables import CHUNK, Table

# What some programs take for the end of a line, and JSON does not escape.
_BREAK = re.compile("[\x7f-\x9f\u2028\u2029]")
_quote = json.encoder.encode_basestring


def write_jsonl(table: Table) -> Iterator[bytes]:
    """Head, rows and end, in constant memory."""
    keys = [column.key or column.name for column in table.columns]
    quoted = [f"{_quote(key)}:" for key in keys]
    names = [{"key": key, "name": each.name} for key, each in zip(keys, table.columns, strict=True)]
    about = {"title": table.title, "about": list(table.subtitle), "columns": names}
    lines, size, count = [_line(_encode({"table": about}))], 0, 0
    totals: list[dict[str, str]] = []
    for row in table.read("jsonl"):
        if row.is_total:
            pairs = zip(keys, row.cells, strict=True)
            totals.append({key: cell for key, cell in pairs if cell})
            continue
        count += 1
        cells = map(str.__add__, quoted, map(_quote, row.cells))
        lines.append(_line(f"{{{','.join(cells)}}}"))
        size += len(lines[-1])
        if size >= CHUNK:
            yield "".join(lines).encode()
            lines, size = [], 0
    lines.append(_line(_encode({"end": {"rows": count, "totals": totals}})))
    yield "".join(lines).encode()


def _encode(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _line(text: str) -> str:
    return f"{text if text.isascii() else _BREAK.sub(_escaped, text)}\n"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
