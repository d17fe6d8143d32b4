from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.factories import PASSWORD, make_user
from users.models import Session, User
from users.sessions import SessionStore

pytestmark = pytest.mark.django_db

COOKIE = "sessionid"


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def visitor(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def is_signed_in(visitor: Client) -> bool:
    return visitor.get(reverse("dashboard:home")).status_code == 200


def test_page_asks_who_is_there_in_one_statement(visitor: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        visitor.get(reverse("web:styleguide"))

    assert len(queries) == 1


def test_user_of_a_page_is_read_whole(visitor: Client, user: User) -> None:
    response = visitor.get(reverse("dashboard:home"))

    shown = response.wsgi_request.user
    assert type(shown) is User
    assert not shown.get_deferred_fields()
    assert (shown.pk, shown.username, shown.theme) == (user.pk, user.username, user.theme)


def test_session_that_was_signed_out_is_worth_nothing(visitor: Client) -> None:
    copy = Client()
    copy.cookies[COOKIE] = visitor.cookies[COOKIE].value

    visitor.post(reverse("logout"))

    assert not is_signed_in(copy)


def test_new_password_ends_the_sessions_of_before(visitor: Client, user: User) -> None:
    user.set_password("quite-another-1")
    user.save()

    assert not is_signed_in(visitor)
    assert not Session.objects.exists()


def test_deactivated_account_is_signed_out(visitor: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert not is_signed_in(visitor)


def test_session_names_who_signed_in(visitor: Client, user: User) -> None:
    session = Session.objects.get()

    assert session.user == user
    assert session.get_decoded()[SESSION_KEY] == str(user.pk)


def test_session_of_nobody_is_not_signed_in(visitor: Client, user: User) -> None:
    store = SessionStore(visitor.cookies[COOKIE].value)
    del store[SESSION_KEY]
    store.save()

    assert Session.objects.get().user is None
    assert not is_signed_in(visitor)


def test_session_belongs_to_whom_its_signed_data_name(visitor: Client, user: User) -> None:
    Session.objects.update(user=make_user())

    response = visitor.get(reverse("dashboard:home"))

    assert response.wsgi_request.user == user


def test_session_begun_by_a_backend_that_is_gone_is_not_signed_in(visitor: Client) -> None:
    store = SessionStore(visitor.cookies[COOKIE].value)
    store[BACKEND_SESSION_KEY] = "users.backends.Former"
    store.save()

    assert not is_signed_in(visitor)


def test_expired_session_is_not_signed_in(visitor: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert not is_signed_in(visitor)


def test_altered_session_is_not_signed_in(visitor: Client) -> None:
    Session.objects.update(session_data="x" + Session.objects.get().session_data)

    assert not is_signed_in(visitor)


def test_signing_in_gives_the_session_a_new_key(user: User) -> None:
    visitor = Client()
    planted = SessionStore()
    planted["note"] = "x"
    planted.create()
    visitor.cookies[COOKIE] = planted.session_key or ""

    visitor.post(reverse("login"), {"username": user.username, "password": PASSWORD})

    assert is_signed_in(visitor)
    assert visitor.cookies[COOKIE].value != planted.session_key
    assert not Session.objects.filter(pk=planted.session_key).exists()


def test_key_that_is_not_kept_is_never_taken_over(user: User) -> None:
    visitor, invented = Client(), "a" * 32
    visitor.cookies[COOKIE] = invented

    visitor.post(reverse("login"), {"username": user.username, "password": PASSWORD})

    assert is_signed_in(visitor)
    assert visitor.cookies[COOKIE].value != invented


def test_session_outlives_a_change_of_the_secret_key(
    visitor: Client, user: User, settings: Settings
) -> None:
    hash_before = visitor.session[HASH_SESSION_KEY]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-secret-key-that-is-long-enough-for-every-check-there-is"

    assert is_signed_in(visitor)
    assert visitor.session[HASH_SESSION_KEY] != hash_before
