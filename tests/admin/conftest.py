from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_user
from users.models import User


@pytest.fixture
def operator(db: None) -> User:
    return make_user(username="operator", is_staff=True, is_superuser=True)


@pytest.fixture
def admin_pages(operator: User) -> Client:
    """A browser in which the operator is signed in."""
    client = Client()
    client.force_login(operator)
    return client
