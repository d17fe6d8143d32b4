"""Files hold what the page shows: for every table, and every kind of filter it has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils.html import conditional_escape

from exports.reading import plain_amount
from ledgers.operations import add_currency
from search.fields import BatchField
from tests.crawling.tree import parse
from tests.exports.test_export import HOSTILE
from tests.factories import (
    make_balance,
    make_client,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from tests.files import body_of, read_csv, read_xlsx
from web.tables.definition import Table, all_tables, find_table
from web.tables.fields import ChoiceField, DateField, Field, NumberField, RecordField
from web.tables.metadata_fields import MetadataField
from web.tables.operators import WITHOUT_VALUE, Operator

pytestmark = pytest.mark.django_db

# To the last digit of the 38 that an amount can have.
LARGE_MINOR = 12345678901234567890123456789012345678
LARGE = "12345678901234567890.123456789012345678"
# What files tell by codes, or in one line, where the page tells it in words or as a list.
CODED = {("audit", "action"), ("audit", "changes")}
OF_THE_PAGE = {"size": "100", "count": "exact"}


@pytest.fixture
def books() -> dict[str, str]:
    """Hostile texts wherever one fits; the keys of some records."""
    for name in ("Ash", "Birch"):
        make_ledger(name=name)
        make_identity(name=name, kind="PERSON")
    add_currency(code="XTK", name="Token", exponent=18, kind="CRYPTO", actor=None)
    metadata = {"region": HOSTILE, "score": 5}
    clerk = make_user(username=HOSTILE)
    ledger = make_ledger(name=HOSTILE, metadata=metadata, actor=clerk)
    owner = make_identity(name=HOSTILE, email="a@example.com", metadata=metadata)
    made = {}
    for currency, minor in (("GBP", 17_100_00), ("XTK", LARGE_MINOR), ("JPY", 5)):
        balance = make_balance(ledger=ledger, identity=owner, currency=currency, metadata=metadata)
        indicator = make_balance(indicator=f"@=1+{currency}", currency=currency, floor_minor=None)
        post_transfer(
            source=indicator,
            destination=balance,
            amount_minor=minor,
            reference=f"{HOSTILE} {currency}"[:100].replace("\n", " ").replace("\t", " "),
            description=HOSTILE.replace("\n", " ").replace("\t", " "),
            metadata=metadata,
        )
        made[currency] = balance.key
    return {"ledgers": ledger.key, "identities": owner.key, "balances": made["GBP"]}


@pytest.fixture
def pages() -> Client:
    return make_client(user=make_user(is_staff=True))


def tables() -> list[str]:
    """Those that addresses lead to; the results of a bulk action are tried beside it."""
    assert get_resolver().url_patterns
    return [table.name for table in all_tables() if table.name not in ("events", "results")]


def table_named(name: str) -> Table:
    table = find_table(name)
    assert table
    return table


def compare(pages: Client, table: Table, query: Mapping[str, str]) -> int:
    """The page and the file under one query: rows, order, numbers, count, sums. How many rows."""
    query = {"columns": ",".join(column.name for column in table.columns), **query}
    shown = pages.get(f"/{table.name}/?{urlencode({**query, **OF_THE_PAGE})}").context
    response = pages.get(f"/{table.name}/export.jsonl?{urlencode(query)}")
    if shown["state"].is_broken:
        assert response.status_code == 302
        return 0
    body = body_of(response)
    _head, *rows, end = (json.loads(line) for line in body.decode().splitlines())

    chosen = table.for_request(shown["request"])
    printed = chosen.format_rows(shown["page"].rows, shown["state"])
    told = f"{table.name} {query}"
    assert len(rows) == len(printed) == end["end"]["rows"], told
    assert [row["id"] for row in rows if "id" in row] == [
        row.tick or row.key for row in printed if row.key and "id" in row.cells
    ], told
    columns = [
        column
        for column in shown["state"].columns
        if column.in_files and (table.name, column.name) not in CODED
    ]
    for row, line in zip(rows, printed, strict=True):
        for column in columns:
            cell = line.cells[column.name]
            html = cell if isinstance(cell, str) else cell.html
            assert_same = assert_same_number if column.is_number else assert_same_text
            assert_same(row[column.name], html, f"{column.name}: {told}")
    if "+" not in shown["total"]:
        assert shown["total"].startswith(f"{len(rows):,} "), told
    texts = json.dumps(end["end"]["totals"], ensure_ascii=False)
    for added in shown["sums"]:
        assert plain_amount(added.amount) in texts, told
    return len(rows)


def assert_same_number(cell: str, html: str, told: str) -> None:
    """`html` is what the page shows of the number `cell`."""
    words = html.replace("</", " </").replace(">", "> ").split()
    assert cell in [*map(plain_amount, words), ""], f"{cell} in {html}: {told}"
    assert cell or not any(word[:1].isdecimal() for word in words), f"{html}: {told}"


def assert_same_text(cell: str, html: str, told: str) -> None:
    """`html`, or plain text, is what the page shows of the text `cell`, or of the time."""
    node = parse(conditional_escape(html))
    shown = node.text()
    if times := [each.attrs["datetime"] for each in node.find("time")]:
        moment = datetime.fromisoformat(cell).replace(microsecond=0)
        assert [moment] == [*map(datetime.fromisoformat, times)], told
    else:
        assert " ".join(cell.split()) in shown, f"{cell} in {shown}: {told}"
        assert cell or shown in ("", "—"), f"{shown}: {told}"


def value_of(field: Field, operator: Operator, keys: Mapping[str, str]) -> str:
    """Some value that fits; for texts one that hostile texts hold."""
    if isinstance(field, RecordField):
        name = field.suggest_url_name.partition(":")[0] or "ledgers"
        return keys.get(name, "")
    if isinstance(field, ChoiceField):
        return field.options()[0][0]
    if isinstance(field, BatchField):
        return "00000000-0000-0000-0000-000000000000"
    if isinstance(field, DateField):
        several = {Operator.BETWEEN: "2024,last-30-days", Operator.ONE_OF: "2025-01,today"}
        return several.get(operator, "2025-01")
    number = {Operator.BETWEEN: "1,2000000", Operator.ONE_OF: "5,17100"}.get(operator, "5")
    if isinstance(field, NumberField | MetadataField) and operator not in (Operator.CONTAINS,):
        return number
    return "="


def conditions(table: Table, keys: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Every operator of every kind of field, and the first operator of every field."""
    kinds = set()
    for field in table.fields:
        name = f"{field.name}.score" if isinstance(field, MetadataField) else field.name
        for operator in field.operators[: 1 if type(field) in kinds else None]:
            value = "" if operator in WITHOUT_VALUE else f":{value_of(field, operator, keys)}"
            yield {"where": f"{name}:{operator}{value}"}
        kinds.add(type(field))


@pytest.mark.parametrize("name", tables())
def test_file_is_the_page_under_every_filter(
    name: str, books: dict[str, str], pages: Client
) -> None:
    table = table_named(name)

    count = compare(pages, table, {})
    counts = [compare(pages, table, query) for query in conditions(table, books)]
    compare(pages, table, {"q": "="})
    wheres = [query["where"] for query in conditions(table, books)]
    for one, other in pairwise(wheres):
        compare(pages, table, {"where": f"{one}|{other}"})
    for tab in table.tabs:
        compare(pages, table, {"tab": tab.name})
    for column in table.columns:
        if column.fields:
            compare(pages, table, {"sort": column.name})

    assert count > 2
    assert not table.fields or any(0 < found < count for found in counts)


@pytest.mark.parametrize("name", tables())
def test_hostile_text_and_every_digit_reach_each_format(
    name: str, books: dict[str, str], pages: Client
) -> None:
    table = table_named(name)
    names = [column.name for column in table.columns]
    if table.has_metadata:
        names.append("metadata.region")

    files: dict[str, Any] = {
        kind: body_of(pages.get(f"/{name}/export.{kind}?{urlencode({'columns': ','.join(names)})}"))
        for kind in ("csv", "xlsx", "jsonl")
    }

    cells = [cell for row in read_csv(files["csv"]) for cell in row]
    lines = [json.loads(line) for line in files["jsonl"].decode().splitlines()][1:-1]
    texts = [text for line in lines for text in line.values()]
    sheet = [cell for row in read_xlsx(files["xlsx"]) for cell in row]
    hostile = [text for text in texts if "HYPERLINK" in text]
    assert hostile
    for text in hostile:
        if text.startswith("="):
            assert f"'{text}" in cells
            assert text not in cells
        else:
            assert text in cells
        assert text in sheet
    if name in ("balances", "transactions", "entries"):
        for found in (cells, texts, sheet):
            assert LARGE in found
