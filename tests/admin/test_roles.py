"""Who says what a person may do with the books, and what readers may do in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from tests.admin.addresses import LISTS, list_url, page_url
from tests.admin.changing import change, errors_of, event_of, form_data
from tests.factories import PASSWORD, make_client, make_ledger, make_user
from users.models import Role, User

pytestmark = pytest.mark.django_db

ADD = "admin:users_user_add"


def _staff(*rights: str, role: str) -> Client:
    person = make_user(is_staff=True, role=role)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return make_client(user=person)


def _add(client: Client, **fields: Any) -> Any:
    passwords = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    return client.post(reverse(ADD), {"username": "ada", **passwords, **fields})


def test_role_is_changed_with_an_event(admin_pages: Client) -> None:
    person = make_user(username="ada")

    change(admin_pages, person, role=Role.READER)

    person.refresh_from_db()
    event = event_of("user.changed")
    assert person.role == Role.READER
    assert (event.before, event.after) == ({"role": "BOOKKEEPER"}, {"role": "READER"})


def test_new_person_reads_unless_another_role_is_chosen(admin_pages: Client) -> None:
    assert form_data(admin_pages, reverse(ADD))["role"] == Role.READER

    _add(admin_pages, role=Role.BOOKKEEPER)

    assert User.objects.get(username="ada").role == Role.BOOKKEEPER


def test_superuser_cannot_become_a_reader(admin_pages: Client, operator: User) -> None:
    response = change(admin_pages, operator, role=Role.READER)

    assert "cannot be a reader" in str(errors_of(response))
    operator.refresh_from_db()
    assert operator.role == Role.BOOKKEEPER


def test_who_is_no_superuser_makes_nobody_a_bookkeeper() -> None:
    client = _staff("view_user", "add_user", "change_user", role=Role.READER)
    person = make_user(role=Role.READER)

    change(client, person, role=Role.BOOKKEEPER, first_name="Ada")
    _add(client, role=Role.BOOKKEEPER)

    person.refresh_from_db()
    assert (person.first_name, person.role) == ("Ada", Role.READER)
    assert User.objects.get(username="ada").role == Role.READER
    assert "Bookkeeper" not in client.get(reverse(ADD)).content.decode()


def test_people_are_listed_by_their_role(admin_pages: Client) -> None:
    make_user(username="auditor", role=Role.READER)

    page = admin_pages.get(list_url("users_user"), {"role__exact": Role.READER})

    assert [row.username for row in page.context["cl"].result_list] == ["auditor"]


def test_staff_who_read_may_do_in_the_admin_what_they_were_granted_and_no_more() -> None:
    ledger = make_ledger(name="Shop")
    granted = _staff("view_ledger", "change_ledger", role=Role.READER)
    others = _staff(role=Role.READER)

    change(granted, ledger, name="Shops")

    ledger.refresh_from_db()
    assert ledger.name == "Shops"
    assert granted.get(reverse("ledgers:create")).status_code == 403
    assert others.post(page_url(ledger), {"name": "Mine"}).status_code == 403
    assert {others.get(list_url(name)).status_code for name in LISTS} == {403}


def test_staff_who_read_see_the_audit_trail() -> None:
    assert _staff(role=Role.READER).get(reverse("audit:list")).status_code == 200
