"""Finding rows in the admin: by what names them, by what an index serves, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.addresses import LISTS, list_url
from tests.factories import NOON, make_balance, post_transfer
from transactions.requests import Indicator

pytestmark = pytest.mark.django_db


def _found(client: Client, name: str, **query: str) -> list[int]:
    response = client.get(list_url(name), query)
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
            admin_pages.get(
                list_url("transactions_transaction"), {"effective": strange}
            ).status_code
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
        assert admin_pages.get(f"{list_url(name)}?{query}").status_code == 400, name


@pytest.mark.parametrize(
    "query",
    ["q=%00", "p=99999999", "p=-1", "p=x", "o=1.2.3", "all=", "e=1", "_facets=True", "q=%F0"],
)
def test_strange_addresses_do_no_harm(admin_pages: Client, query: str) -> None:
    for name in LISTS:
        assert admin_pages.get(f"{list_url(name)}?{query}").status_code in (200, 302), name


@pytest.mark.parametrize("pk", ["_00", "x", "99999999999999999999999", "1_2E5", "%00", "_"])
def test_pages_of_nothing_lead_back(admin_pages: Client, pk: str) -> None:
    for name in LISTS:
        for page in ("change", "history", "delete"):
            url = f"{list_url(name)}{pk}/{page}/"

            assert admin_pages.get(url).status_code in (302, 403, 404), url
