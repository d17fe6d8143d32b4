"""What the tests of pages share: reading the HTML, and asking as htmx does."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

HTMX = {"HX-Request": "true"}
HISTORY_RESTORE = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
SLIDE_OVER = {"HX-Request": "true", "HX-Target": "slide-over"}
SCRIPT = "<script>alert(1)</script>"


class _TextParser(HTMLParser):
    """Collects the text of each cell of each table row, and every link.

    What a cell repeats for phones, in `<small>`, is left out, and so are cells for ticks.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.in_cell = self.is_repeated = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and ("class", "tick") not in attrs:
            self.rows[-1].append("")
            self.in_cell = True
        elif tag == "small":
            self.is_repeated = True
        elif tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.in_cell = False
        elif tag == "small":
            self.is_repeated = False

    def handle_data(self, data: str) -> None:
        if self.is_repeated:
            return
        self.text.append(data)
        if self.in_cell:
            self.rows[-1][-1] += data


def _parse(response: Any) -> _TextParser:
    parser = _TextParser()
    parser.feed(response.content.decode())
    return parser


def rows_of(response: Any) -> list[list[str]]:
    """The cells' texts of every table row, the head's included."""
    return [[" ".join(cell.split()) for cell in row] for row in _parse(response).rows]


def links_of(response: Any) -> list[str]:
    return _parse(response).links


def text_of(response: Any) -> str:
    """What a person reads, with single spaces."""
    return " ".join("".join(_parse(response).text).split())


def hidden_value(response: Any, name: str) -> str:
    """The value of a hidden input."""
    match = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', response.content.decode())
    assert match, f"no hidden input {name}"
    return match[1]


def is_whole_page(response: Any) -> bool:
    return b"<!doctype html>" in response.content


def count_queries(client: Client, url: str) -> int:
    """How many statements a page takes, those that find out who asks aside.

    Left out is, too, what live tables ask once a second for all pages: their newest rows.
    """
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200
    return sum(
        not re.search(r"FROM users_session\b|^SELECT ARRAY\(", query["sql"]) for query in queries
    )
