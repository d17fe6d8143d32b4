from __future__ import annotations

from time import monotonic
from typing import ClassVar

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory

from tests.factories import make_user
from web.sorting import Column
from web.statements import fetch_all
from web.tables import tabs
from web.tables.definition import Table
from web.tables.state import TableState
from web.tables.tabs import TabLink, count_tabs, view_query


class SlowTable(Table):
    """Counting takes as many seconds as the search asks for."""

    name: ClassVar[str] = "slow"
    element: ClassVar[str] = "slow-table"
    columns: ClassVar[tuple[Column, ...]] = (Column("created", "Created", ("id",)),)

    def count(self, state: TableState) -> str:
        fetch_all("SELECT pg_sleep(%s)", [float(state.text)])
        return "1"


def tab(name: str, query: str) -> TabLink:
    return TabLink(key=name, label=name, url="", query=query, count="", is_current=False)


@pytest.mark.django_db
def test_count_that_takes_long_is_given_up_and_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tabs, "COUNT_MILLISECONDS", 400)
    monkeypatch.setattr(tabs, "COUNTS_SECONDS", 2.5)
    request = RequestFactory().get("/")
    request.user = make_user()
    asked = [tab("quick", "q=0"), tab("slow", "q=20"), tab("next", "q=0")]
    begun = monotonic()

    counts = count_tabs(request, SlowTable(), [*asked, *(tab("slow", "q=20") for _ in range(15))])

    assert [(each.key, count) for each, count in counts[:3]] == [
        ("quick", "1"),
        ("slow", ""),
        ("next", "1"),
    ]
    assert len(counts) < 18
    assert monotonic() - begun < 15  # seconds; one alone would take 20
    connection.cursor().execute("SET LOCAL statement_timeout = 0")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("", ""),
        ("sort=name&q=ann", "q=ann&sort=name"),
        ("where=b:is:1&where=a:is:2&match=any", "match=any&where=b:is:1&where=a:is:2"),
        ("q=&cursor=x&look=y&new=z&count=exact&view=v&tab=all", ""),
        ("where=name:is:%C3%A9%26%3D%00", "where=name:is:%C3%A9%26%3D%00"),
    ],
)
def test_same_view_is_always_kept_as_the_same_text(address: str, kept: str) -> None:
    assert view_query(QueryDict(address)) == kept
    assert view_query(QueryDict(kept)) == kept
