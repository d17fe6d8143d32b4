"""Tables with nothing filtered: their SQL is kept, and reads what the query would have read."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from dashboard.identities import IDENTITIES
from dashboard.ledgers import LEDGERS
from reports.balance_table import BALANCES
from tests.factories import make_balance, make_client, make_identity, make_ledger, post_transfer
from tests.pages import rows_of
from transactions.entries_table import ENTRIES
from web.pagination import paginate
from web.tables.definition import Table
from web.tables.state import TableState, read_state

pytestmark = pytest.mark.django_db

STANDING: tuple[Table, ...] = (LEDGERS, BALANCES, IDENTITIES, ENTRIES)
SORTS = [
    (table, f"{sign}{column.name}")
    for table in STANDING
    for column in table.columns
    if column.fields and not column.sorts_few
    for sign in ("", "-")
]


def _ask(table: Table, query: str = "") -> tuple[Table, TableState]:
    request = RequestFactory().get(f"/?{query}")
    request.user = AnonymousUser()
    table = table.for_request(request)
    return table, read_state(request, table)


def _walk(source: Any, order: Any) -> list[tuple[list[Any], str | None, str | None]]:
    """All pages to the last one, and back."""
    page = paginate(source, order=order, cursor=None, size=2)
    pages = [page]
    while page.next_cursor:
        pages.append(page := paginate(source, order=order, cursor=page.next_cursor, size=2))
    while page.previous_cursor:
        pages.append(page := paginate(source, order=order, cursor=page.previous_cursor, size=2))
    return [(list(page.rows), page.next_cursor, page.previous_cursor) for page in pages]


@pytest.mark.parametrize(("table", "sort"), SORTS)
def test_kept_sql_reads_what_the_query_reads(table: Table, sort: str) -> None:
    for number in range(3):
        owner = make_identity(name=f"Owner {number % 2}", metadata={"region": {"code": number}})
        post_transfer(
            source=make_balance(identity=owner, floor_minor=None), destination=make_balance()
        )
    table, state = _ask(table, f"sort={sort}")
    rows, order = table.source(state)

    standing = table.standing(state)

    assert standing is not None
    assert standing[1] == order
    assert _walk(standing[0], order) == _walk(rows, order)


@pytest.mark.parametrize("sort", [sort for table, sort in SORTS if table is BALANCES])
def test_kept_sql_reads_each_ledger_and_owner_for_itself(sort: str) -> None:
    owners = [make_identity(name=f"Owner {number}") for number in range(2)]
    ledgers = [make_ledger(name=f"Ledger {number}") for number in range(2)]
    for _pair in range(2):
        for owner, ledger in product(owners, ledgers):
            make_balance(identity=owner, ledger=ledger)
    scopes = [f"identity={owner.key}" for owner in owners]
    scopes += [f"ledger={ledger.key}" for ledger in ledgers]

    for scope in scopes:
        table, state = _ask(BALANCES, f"sort={sort}&{scope}")
        rows, order = table.source(state)
        standing = table.standing(state)

        assert standing is not None
        assert standing[1] == order
        assert _walk(standing[0], order) == _walk(rows, order)
        assert len(_walk(rows, order)) == 3


@pytest.mark.parametrize("moment", ["", "as_of=2025-01-31"])
@pytest.mark.parametrize("count", ["", "count=exact"])
def test_balances_of_a_ledger_are_counted_whichever_way_is_asked(moment: str, count: str) -> None:
    ledger = make_ledger()
    for _number in range(3):
        make_balance(ledger=ledger)
    make_balance()

    table, state = _ask(BALANCES, f"ledger={ledger.key}&{moment}&{count}")

    assert table.count(state) == "3"


@pytest.mark.parametrize("table", STANDING)
def test_sql_is_kept_for_each_tab_and_order_and_nothing_else(table: Table) -> None:
    plain = table.standing(_ask(table)[1])

    assert plain is not None
    assert table.standing(_ask(table, "size=50")[1]) is plain
    for query in ("q=a", "where=id:is:x", *(f"{name}=2025-01-01" for name in table.scope)):
        asked, state = _ask(table, query)
        assert asked.standing(state) is None, query


def test_tabs_hold_their_own_rows() -> None:
    client = make_client()
    make_balance(identity=make_identity(name="With one")), make_identity(name="Without")

    pages = [client.get(f"/identities/?tab={tab}") for tab in ("", "with-balances", "", "new")]

    assert ["Without" in page.content.decode() for page in pages] == [True, False, True, True]


def test_what_is_added_is_shown_and_counted() -> None:
    client = make_client()
    before = client.get("/ledgers/")
    make_ledger(name="Another one")

    after = client.get("/ledgers/")

    assert len(rows_of(after)) == len(rows_of(before)) + 1
    assert "2 ledgers" in after.content.decode()
