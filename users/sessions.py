"""Who asks: Django's sessions and users, read by one plain statement at the top of each page.

Nothing is kept between requests, so that signing out, a new password and a deactivated account
count at once in every process.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from users.models import Session, User
from web.statements import fetch_one

USER_FIELDS = [field.attname for field in User._meta.concrete_fields]
# It arrives as text, as all JSON does that no field reads.
CHOICES = USER_FIELDS.index("table_choices")
SESSION = f"""
SELECT s.session_data, {", ".join(f"u.{name}" for name in USER_FIELDS)}
FROM users_session AS s LEFT JOIN users_user AS u ON u.id = s.user_id
WHERE s.session_key = %s AND s.expire_date > %s
"""  # noqa: S608 -- names of fields


class SessionStore(db.SessionStore):
    """Django's store, which reads the user along, and tells what a lost database is."""

    # Whom the session names, as read with it.
    user: User | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast(Session, super().create_model_instance(data))
        session.user_id = data.get(SESSION_KEY)
        return session

    def load(self) -> dict[str, Any]:
        row = fetch_one(SESSION, [self.session_key, timezone.now()])
        if row is None:
            # Saved under a new key, so that nobody chooses the key of a session.
            self._session_key = None
            return {}
        data, *values = row
        self.user = _read_user(values)
        return self.decode(data)

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            # Django takes every failure for a session that was deleted meanwhile.
            if isinstance(error.__context__, OperationalError):
                raise error.__context__ from None
            raise


def who_asks(request: HttpRequest) -> User | AnonymousUser:
    """Whom the session was read with, if it holds good; all else is for Django to decide."""
    session = cast(SessionStore, request.session)
    is_signed_in = SESSION_KEY in session
    user = session.user
    if is_signed_in and user is not None and user.is_active and _is_of(session, user):
        return user
    return get_user(request)


def _is_of(session: SessionStore, user: User) -> bool:
    """Whether it was begun by this user, and with the present password."""
    return (
        session[SESSION_KEY] == str(user.pk)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    )


def _read_user(values: Sequence[Any]) -> User | None:
    if values[0] is None:
        return None
    choices = json.loads(values[CHOICES])
    return User.from_db(
        "default", USER_FIELDS, [*values[:CHOICES], choices, *values[CHOICES + 1 :]]
    )
