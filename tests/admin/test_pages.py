"""Every list and page of the admin: open, read-only where money is, and cheap at any size."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from balances.models import Balance
from ledgers.models import Currency
from tests.factories import (
    NOON,
    general_ledger,
    make_balance,
    make_identity,
    make_ledger,
    make_user,
    post_transfer,
)
from transactions.models import Entry, ProofRun, Transaction
from transactions.posting import post, post_many
from transactions.requests import CREDIT, DEBIT, Indicator, Leg, PostingRequest, transfer
from users.models import User
from web import admin as web_admin

pytestmark = pytest.mark.django_db

LISTS = [
    "audit_auditevent",
    "users_user",
    "auth_group",
    "identities_identity",
    "ledgers_ledger",
    "ledgers_currency",
    "balances_balance",
    "transactions_transaction",
    "transactions_entry",
    "transactions_proofrun",
]
READ_ONLY = [AuditEvent, Transaction, Entry, ProofRun]


def _list(name: str) -> str:
    return reverse(f"admin:{name}_changelist")


def _page(row: Any) -> str:
    name = row._meta.label_lower.replace(".", "_")
    return reverse(f"admin:{name}_change", args=[row.pk])


@pytest.fixture
def books(admin_pages: Client) -> dict[str, Any]:
    """One row of every kind."""
    owner = make_identity(name="Acme <b>Ltd</b>")
    ledger = make_ledger(name="Shop")
    source = make_balance(ledger=ledger, floor_minor=None, metadata={"a": {"b": 1}})
    target = make_balance(ledger=ledger, identity=owner)
    posted = post_transfer(
        source=source, destination=target, reference="INV-1", actor=make_user(), metadata={"k": "v"}
    )
    run = ProofRun.objects.create(is_ok=True, duration_seconds=1.5, checks=[{"name": "x"}])
    return {
        "identity": owner,
        "ledger": ledger,
        "balance": target,
        "transaction": posted,
        "entry": posted.entries.get(balance=target),
        "currency": Currency.objects.get(pk="GBP"),
        "event": AuditEvent.objects.latest("pk"),
        "run": run,
        "user": make_user(username="ada"),
        "general": general_ledger(),
    }


def test_every_list_opens(admin_pages: Client, books: dict[str, Any]) -> None:
    for name in LISTS:
        assert admin_pages.get(_list(name)).status_code == 200


def test_page_of_every_row_opens(admin_pages: Client, books: dict[str, Any]) -> None:
    for row in books.values():
        response = admin_pages.get(_page(row))

        assert response.status_code == 200, row
        assert "Acme <b>" not in response.content.decode()


def test_history_of_a_row_is_its_audit_trail(admin_pages: Client, books: dict[str, Any]) -> None:
    ledger = books["ledger"]

    response = admin_pages.get(
        reverse("admin:ledgers_ledger_history", args=[ledger.pk]), follow=True
    )

    assert [row.action for row in response.context["cl"].result_list] == ["ledger.created"]


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_history_can_be_looked_at_only(
    admin_pages: Client, books: dict[str, Any], model: Any
) -> None:
    row = model.objects.latest("pk")
    name = model._meta.label_lower.replace(".", "_")

    answers = [
        admin_pages.get(reverse(f"admin:{name}_add")),
        admin_pages.post(reverse(f"admin:{name}_add"), {"reference": "x"}),
        admin_pages.post(_page(row), {"reference": "x", "description": "x", "_save": "1"}),
        admin_pages.get(reverse(f"admin:{name}_delete", args=[row.pk])),
        admin_pages.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}),
        admin_pages.post(
            _list(name), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        ),
    ]

    assert [answer.status_code for answer in answers[:5]] == [403] * 5
    assert answers[5].status_code in (200, 302, 403)
    assert model.objects.filter(pk=row.pk).exists()


def test_nothing_can_be_deleted(admin_pages: Client, books: dict[str, Any]) -> None:
    for row in books.values():
        name = row._meta.label_lower.replace(".", "_")
        url = reverse(f"admin:{name}_delete", args=[row.pk])

        assert admin_pages.post(url, {"post": "yes"}).status_code == 403, row
        assert type(row)._default_manager.filter(pk=row.pk).exists()


def test_balances_are_opened_on_their_own_screen(admin_pages: Client) -> None:
    assert admin_pages.get(reverse("admin:balances_balance_add")).status_code == 403


def test_models_with_money_are_all_registered_leanly() -> None:
    for model, page in admin.site._registry.items():
        assert isinstance(page, web_admin.LeanAdmin), model
        assert page.has_delete_permission(None) is False, model  # type: ignore[arg-type]
        assert page.show_full_result_count is False
        assert page.date_hierarchy is None


def test_clerk_who_is_not_staff_is_kept_out(books: dict[str, Any]) -> None:
    client = Client()
    client.force_login(make_user())

    for name in LISTS:
        assert client.get(_list(name)).status_code in (302, 403)


def test_staff_without_rights_sees_nothing(books: dict[str, Any]) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))

    for name in LISTS:
        assert client.get(_list(name)).status_code == 403


def _found(client: Client, name: str, **query: str) -> list[int]:
    response = client.get(_list(name), query)
    assert response.status_code == 200, response
    return [row.pk for row in response.context["cl"].result_list]


def test_transactions_are_found_by_what_names_them(
    admin_pages: Client, books: dict[str, Any]
) -> None:
    posted = books["transaction"]
    numbered = post_transfer(
        source=Indicator("@A", "GBP"), destination=books["balance"], reference=str(posted.pk)
    )

    for term in ("INV-1", posted.key, posted.key.upper(), f" {posted.key} "):
        assert _found(admin_pages, "transactions_transaction", q=term) == [posted.pk]
    assert set(_found(admin_pages, "transactions_transaction", q=str(posted.pk))) == {
        posted.pk,
        numbered.pk,
    }
    for term in ("INV", "inv-1", "txn_x", "9" * 40, "%", "' OR 1=1 --", "²", "txn_" + "0" * 32):
        assert _found(admin_pages, "transactions_transaction", q=term) == []


def test_entries_are_found_by_transaction_balance_and_ledger(
    admin_pages: Client, books: dict[str, Any]
) -> None:
    posted, balance, ledger = books["transaction"], books["balance"], books["ledger"]
    both = set(posted.entries.values_list("pk", flat=True))

    assert set(_found(admin_pages, "transactions_entry", q="INV-1")) == both
    assert set(_found(admin_pages, "transactions_entry", q=posted.key)) == both
    assert set(_found(admin_pages, "transactions_entry", q=ledger.key)) == both
    assert _found(admin_pages, "transactions_entry", q=balance.key) == [books["entry"].pk]
    assert books["entry"].pk in _found(admin_pages, "transactions_entry", q=str(books["entry"].pk))
    assert _found(admin_pages, "transactions_entry", balance__id__exact=str(balance.pk)) == [
        books["entry"].pk
    ]


@pytest.mark.parametrize(
    ("name", "row", "terms"),
    [
        ("balances_balance", "balance", ["{key}", "{pk}", "{identity}", "{ledger}"]),
        ("ledgers_ledger", "ledger", ["{key}", "{pk}", "shop", " SHOP "]),
        ("identities_identity", "identity", ["{key}", "{pk}", "Acme", "acme", "ACME <B>"]),
        ("users_user", "user", ["ada", "ad"]),
        ("ledgers_currency", "currency", ["GBP", "gb", "Sterling"]),
    ],
)
def test_rows_are_found_by_key_and_name(
    admin_pages: Client, books: dict[str, Any], name: str, row: str, terms: list[str]
) -> None:
    wanted = books[row]
    keys = {"key": getattr(wanted, "key", ""), "pk": wanted.pk}
    keys |= {each: books[each].key for each in ("identity", "ledger")}

    for term in terms:
        assert wanted.pk in _found(admin_pages, name, q=term.format(**keys)), term


def test_indicator_is_found(admin_pages: Client, books: dict[str, Any]) -> None:
    revenue = make_balance(indicator="@Revenue", floor_minor=None)

    assert _found(admin_pages, "balances_balance", q="@Revenue") == [revenue.pk]
    assert _found(admin_pages, "balances_balance", q="@Rev") == []


def test_owner_is_chosen_by_typing(admin_pages: Client, books: dict[str, Any]) -> None:
    answer = admin_pages.get(
        reverse("admin:autocomplete"),
        {"app_label": "balances", "model_name": "balance", "field_name": "identity", "term": "Ac"},
    )

    assert [each["id"] for each in answer.json()["results"]] == [str(books["identity"].pk)]


def test_transactions_are_filtered_by_year_and_month(
    admin_pages: Client, books: dict[str, Any]
) -> None:
    old = post_transfer(
        source=Indicator("@A", "GBP"),
        destination=Indicator("@B", "GBP"),
        effective_at=NOON.replace(year=2019, month=12, day=31),
    )

    assert _found(admin_pages, "transactions_transaction", effective="2019") == [old.pk]
    assert _found(admin_pages, "transactions_transaction", effective="2019-12") == [old.pk]
    assert _found(admin_pages, "transactions_transaction", effective="2019-11") == []
    for strange in ("0000", "9999", "9999-12", "2019-13", "x", "２０１９"):
        assert (
            admin_pages.get(_list("transactions_transaction"), {"effective": strange}).status_code
            == 200
        )


@pytest.mark.parametrize(
    "query",
    [
        "description__icontains=a",
        "metadata__a=1",
        "amount_minor__gte=1",
        "password__startswith=p",
        "actor__password__startswith=p",
        "subject=a%00b",
    ],
)
def test_filters_that_no_index_serves_are_refused(admin_pages: Client, query: str) -> None:
    for name in LISTS:
        assert admin_pages.get(f"{_list(name)}?{query}").status_code == 400, name


@pytest.mark.parametrize(
    "query",
    ["q=%00", "p=99999999", "p=-1", "p=x", "o=1.2.3", "all=", "e=1", "_facets=True", "q=%F0"],
)
def test_strange_addresses_do_no_harm(admin_pages: Client, query: str) -> None:
    for name in LISTS:
        assert admin_pages.get(f"{_list(name)}?{query}").status_code in (200, 302), name


@pytest.mark.parametrize("pk", ["_00", "x", "99999999999999999999999", "1_2E5", "%00", "_"])
def test_pages_of_nothing_lead_back(admin_pages: Client, pk: str) -> None:
    for name in LISTS:
        for page in ("change", "history", "delete"):
            url = f"{_list(name)}{pk}/{page}/"

            assert admin_pages.get(url).status_code in (302, 403, 404), url


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
    monkeypatch.setattr(web_admin, "COUNTED_MAX", 100)


def _plans(
    client: Client, name: str, query: dict[str, str]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each query of a list with the nodes of its plan, were its tables large."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(_list(name), query).status_code == 200
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
SMALL = {"django_content_type", "users_user", "auth_group", "django_session", "ledgers_currency"}


@pytest.mark.usefixtures("thousands")
def test_lists_say_that_they_did_not_count(admin_pages: Client) -> None:
    for name in ("transactions_transaction", "transactions_entry", "audit_auditevent"):
        page = admin_pages.get(_list(name))

        assert "100+" in page.content.decode()
        assert page.context["cl"].paginator.num_pages == 2
        assert admin_pages.get(_list(name), {"p": "2"}).status_code == 200
        assert admin_pages.get(_list(name), {"p": "3"}).status_code == 302


@pytest.mark.usefixtures("thousands")
@pytest.mark.parametrize("size", [2, 40])
def test_queries_of_a_list_do_not_grow_with_its_rows(
    admin_pages: Client, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    for name in LISTS:
        monkeypatch.setattr(_admin_of(name), "list_per_page", size)
        with CaptureQueriesContext(connection) as captured:
            admin_pages.get(_list(name))

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

    page = admin_pages.get(_list("transactions_transaction"))

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
        page = admin_pages.get(_page(row))

    assert ">1,000</a>" in page.content.decode()
    assert len(captured) <= 10
