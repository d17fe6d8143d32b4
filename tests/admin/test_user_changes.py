"""What operators may change of people and groups, and that nobody gives themselves more."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from tests.admin.changing import change, errors_of, event_of
from tests.factories import PASSWORD, make_user
from users.models import User

pytestmark = pytest.mark.django_db


def test_user_is_added_with_an_event_without_the_password(admin_pages: Client) -> None:
    admin_pages.post(
        reverse("admin:users_user_add"),
        {
            "username": "ada",
            "role": "BOOKKEEPER",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )

    event = event_of("user.created")
    ada = User.objects.get(username="ada")
    assert ada.check_password(PASSWORD)
    assert event.subject == f"user_{ada.pk}"
    assert "password" not in str(event.after)
    assert ada.password not in str(event.after)


def test_user_is_changed_with_groups_and_rights(admin_pages: Client) -> None:
    person, group = make_user(username="ada"), Group.objects.create(name="Clerks")
    right = Permission.objects.get(codename="view_ledger")

    change(
        admin_pages,
        person,
        first_name="Ada",
        is_staff="on",
        groups=[group.pk],
        user_permissions=[right.pk],
    )

    event = event_of("user.changed")
    assert event.before == {
        "first_name": "",
        "is_staff": False,
        "groups": [],
        "permissions": [],
    }
    assert event.after == {
        "first_name": "Ada",
        "is_staff": True,
        "groups": ["Clerks"],
        "permissions": ["ledgers.view_ledger"],
    }


def test_user_is_switched_off_and_cannot_sign_in(admin_pages: Client) -> None:
    person = make_user(username="ada")
    theirs = Client()
    theirs.force_login(person)

    change(admin_pages, person, is_active=None)

    assert event_of("user.changed").after == {"is_active": False}
    assert not Client().login(username="ada", password=PASSWORD)
    assert theirs.get(reverse("admin:index")).status_code == 302


def test_last_superuser_cannot_be_shut_out(admin_pages: Client, operator: User) -> None:
    for name in ("is_active", "is_superuser"):
        response = change(admin_pages, operator, **{name: None})
        assert "last active superuser" in str(errors_of(response))

    operator.refresh_from_db()
    assert operator.is_active
    assert operator.is_superuser


def test_password_is_changed_with_an_event_without_it(admin_pages: Client) -> None:
    person = make_user(username="ada")

    admin_pages.post(
        reverse("admin:auth_user_password_change", args=[person.pk]),
        {
            "usable_password": "true",
            "password1": "new horse battery",
            "password2": "new horse battery",
            "set-password": "1",
        },
    )

    person.refresh_from_db()
    event = event_of("user.password_changed")
    assert person.check_password("new horse battery")
    assert (event.subject, event.before, event.after) == (f"user_{person.pk}", None, None)


def test_clerk_who_may_change_users_gives_nobody_rights(operator: User) -> None:
    clerk = make_user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client = Client()
    client.force_login(clerk)

    change(client, clerk, is_superuser="on", is_staff="on", user_permissions=[1, 2, 3])
    password = client.post(
        reverse("admin:auth_user_password_change", args=[operator.pk]),
        {"usable_password": "true", "password1": "x1y2z3x1", "password2": "x1y2z3x1"},
    )

    clerk.refresh_from_db()
    operator.refresh_from_db()
    assert not clerk.is_superuser
    assert clerk.user_permissions.count() == 2
    assert password.status_code == 403
    assert operator.check_password(PASSWORD)


def test_group_is_changed_with_an_event(admin_pages: Client) -> None:
    group = Group.objects.create(name="Clerks")
    right = Permission.objects.get(codename="view_ledger")

    change(admin_pages, group, permissions=[right.pk])

    assert event_of("group.changed").after == {"permissions": ["ledgers.view_ledger"]}


def test_signing_in_writes_its_time_as_the_web_role(operator: User) -> None:
    client = Client()

    client.post("/login/", {"username": "operator", "password": PASSWORD})

    operator.refresh_from_db()
    assert operator.last_login
