"""Lists of the admin stay cheap at any size of the books."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from balances.models import Balance
from tests.admin.addresses import LISTS, list_url, page_url
from tests.factories import general_ledger, make_balance, make_ledger, make_user
from transactions.models import Hold, Transaction
from transactions.posting import hold, post, post_many
from transactions.requests import (
    CREDIT,
    DEBIT,
    HoldRequest,
    Indicator,
    Leg,
    PostingRequest,
    transfer,
)
from users.models import User
from web import admin as web_admin

pytestmark = pytest.mark.django_db

COUNT = re.compile(r"count\(", re.IGNORECASE)


@pytest.fixture
def thousands(admin_pages: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some history, and limits so low that it counts as endless."""
    ledger = make_ledger()
    balances = [make_balance(ledger=ledger, floor_minor=None).pk for _ in range(120)]
    clerk = make_user()
    post_many(
        (
            PostingRequest(
                f"R-{number}",
                transfer(
                    source=balances[number % 120],
                    destination=balances[(number + 1) % 120],
                    amount_minor=100,
                ),
            )
            for number in range(300)
        ),
        actor=clerk,
    )
    for number in range(3):
        legs = transfer(source=balances[0], destination=balances[1], amount_minor=100)
        hold(HoldRequest(f"H-{number}", legs), actor=clerk)
    monkeypatch.setattr(web_admin, "COUNTED_MAX", 100)


def _plans(
    client: Client, name: str, query: dict[str, str]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each query of a list with the nodes of its plan, were its tables large."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(list_url(name), query).status_code == 200
    plans = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        for each in captured.captured_queries:
            if each["sql"].startswith("SELECT") and "FROM" in each["sql"]:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {each['sql']}")
                plans.append((each["sql"], _nodes(cursor.fetchone()[0][0]["Plan"])))
        cursor.execute("SET LOCAL enable_seqscan = on")
        cursor.execute("SET LOCAL enable_sort = on")
    return plans


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]


HISTORY_PAGES: list[tuple[str, Callable[[], dict[str, str]]]] = [
    ("transactions_transaction", dict),
    ("transactions_transaction", lambda: {"p": "2"}),
    ("transactions_transaction", lambda: {"q": "R-7"}),
    ("transactions_transaction", lambda: {"effective": "2020"}),
    ("transactions_entry", dict),
    ("transactions_entry", lambda: {"q": "R-7"}),
    ("transactions_entry", lambda: {"balance__id__exact": str(Balance.objects.latest("pk").pk)}),
    ("transactions_entry", lambda: {"q": Balance.objects.latest("pk").key}),
    ("transactions_entry", lambda: {"ledger__id__exact": str(general_ledger().pk)}),
    ("transactions_entry", lambda: {"q": general_ledger().key}),
    (
        "transactions_entry",
        lambda: {"transaction__id__exact": str(Transaction.objects.latest("pk").pk)},
    ),
    ("transactions_hold", dict),
    ("transactions_hold", lambda: {"q": "H-1"}),
    ("transactions_reservation", dict),
    ("transactions_reservation", lambda: {"q": "H-1"}),
    ("transactions_reservation", lambda: {"hold__id__exact": str(Hold.objects.latest("pk").pk)}),
    ("audit_auditevent", dict),
    ("audit_auditevent", lambda: {"subject": Transaction.objects.latest("pk").key}),
    ("audit_auditevent", lambda: {"q": "operator"}),
    ("balances_balance", dict),
    ("balances_balance", lambda: {"ledger__id__exact": str(general_ledger().pk)}),
    ("balances_balance", lambda: {"q": "@Revenue"}),
    ("balances_balance", lambda: {"q": Balance.objects.latest("pk").key}),
    ("ledgers_ledger", dict),
    ("identities_identity", dict),
    ("identities_identity", lambda: {"q": "Acme"}),
]


@pytest.mark.usefixtures("thousands")
def test_lists_count_no_further_than_their_limit_and_read_along_indexes(
    admin_pages: Client,
) -> None:
    plans = [plan for name, query in HISTORY_PAGES for plan in _plans(admin_pages, name, query())]

    assert len(plans) > 50
    for sql, nodes in plans:
        assert not COUNT.search(sql) or re.search(r"LIMIT 101\)", sql), sql
        for node in nodes:
            assert node["Node Type"] != "Seq Scan" or node["Relation Name"] in SMALL, (sql, node)
            is_sorted_whole = node["Node Type"] == "Sort" and "LIMIT 50" in sql
            assert not is_sorted_whole or NAMED.search(sql), (sql, node)


# What a key or a name picks out are a few rows, which may be sorted.
NAMED = re.compile(r'WHERE .*("public_id"|"name"|"indicator"|"transaction_id"|"id") (=|IN|LIKE|::)')


SMALL = {"django_content_type", "users_user", "auth_group", "users_session", "ledgers_currency"}


@pytest.mark.usefixtures("thousands")
def test_lists_say_that_they_did_not_count(admin_pages: Client) -> None:
    for name in ("transactions_transaction", "transactions_entry", "audit_auditevent"):
        page = admin_pages.get(list_url(name))

        assert "100+" in page.content.decode()
        assert page.context["cl"].paginator.num_pages == 2
        assert admin_pages.get(list_url(name), {"p": "2"}).status_code == 200
        assert admin_pages.get(list_url(name), {"p": "3"}).status_code == 302


@pytest.mark.usefixtures("thousands")
@pytest.mark.parametrize("size", [2, 40])
def test_queries_of_a_list_do_not_grow_with_its_rows(
    admin_pages: Client, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    for name in LISTS:
        monkeypatch.setattr(_admin_of(name), "list_per_page", size)
        with CaptureQueriesContext(connection) as captured:
            admin_pages.get(list_url(name))

        assert len(captured) <= 8, [each["sql"] for each in captured]


def _admin_of(name: str) -> Any:
    app, model = name.split("_")
    return next(
        page
        for registered, page in admin.site._registry.items()
        if registered._meta.label_lower == f"{app}.{model}"
    )


def test_size_of_a_large_table_is_an_estimate(
    admin_pages: Client, books: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_admin, "_estimate", lambda model: 12_345_678)

    page = admin_pages.get(list_url("transactions_transaction"))

    assert "about 12,300,000 transactions" in page.content.decode()
    assert page.context["cl"].paginator.num_pages == 200


def test_transaction_of_a_thousand_entries_opens_quickly(
    admin_pages: Client, operator: User
) -> None:
    legs = [
        Leg(Indicator(f"@{place % 2}", "GBP"), CREDIT if place % 2 else DEBIT, 1)
        for place in range(1000)
    ]
    posted = post(PostingRequest("thousand", legs))
    assert posted.transaction_id
    row = Transaction.objects.get(pk=posted.transaction_id)

    with CaptureQueriesContext(connection) as captured:
        page = admin_pages.get(page_url(row))

    assert ">1,000</a>" in page.content.decode()
    assert len(captured) <= 10
