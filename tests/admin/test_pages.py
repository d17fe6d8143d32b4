"""Every list and page of the admin: open, and read-only where money is."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from tests.admin.addresses import LISTS, list_url, page_url
from tests.factories import make_user
from transactions.models import Entry, Hold, ProofRun, Reservation, Transaction
from web import admin as web_admin

pytestmark = pytest.mark.django_db


READ_ONLY = [AuditEvent, Transaction, Entry, Hold, Reservation, ProofRun]


def test_every_list_opens(admin_pages: Client, books: dict[str, Any]) -> None:
    for name in LISTS:
        assert admin_pages.get(list_url(name)).status_code == 200


def test_page_of_every_row_opens(admin_pages: Client, books: dict[str, Any]) -> None:
    for row in books.values():
        response = admin_pages.get(page_url(row))

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
        admin_pages.post(page_url(row), {"reference": "x", "description": "x", "_save": "1"}),
        admin_pages.get(reverse(f"admin:{name}_delete", args=[row.pk])),
        admin_pages.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}),
        admin_pages.post(
            list_url(name), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
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
        assert client.get(list_url(name)).status_code in (302, 403)


def test_staff_without_rights_sees_nothing(books: dict[str, Any]) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))

    for name in LISTS:
        assert client.get(list_url(name)).status_code == 403
