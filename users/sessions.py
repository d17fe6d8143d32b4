"""Who asks: Django's sessions and users, read by two plain statements at the top of each page.

Nothing is kept between requests, so that signing out, a new password and a deactivated account
count at once in every process.
"""

from __future__ import annotations

import json

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.utils import timezone

from users.models import User
from web.statements import fetch_one

SESSION_FIELDS = ["session_key", "session_data", "expire_date"]
SESSION = """
SELECT session_key, session_data, expire_date FROM django_session
WHERE session_key = %s AND expire_date > %s
"""
USER_FIELDS = [field.attname for field in User._meta.concrete_fields]
# It arrives as text, as all JSON does that no field reads.
CHOICES = USER_FIELDS.index("table_choices")
USER = f"SELECT {', '.join(USER_FIELDS)} FROM users_user WHERE id = %s"  # noqa: S608 -- constants


class SessionStore(db.SessionStore):
    """Django's store; the reading differs, and what a lost database is called."""

    def _get_session_from_db(self) -> Session | None:
        row = fetch_one(SESSION, [self.session_key, timezone.now()])
        if row is None:
            # Saved under a new key, so that nobody chooses the key of a session.
            self._session_key = None
            return None
        return Session.from_db("default", SESSION_FIELDS, row)

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            # Django takes every failure for a session that was deleted meanwhile.
            if isinstance(error.__context__, OperationalError):
                raise error.__context__ from None
            raise


class UserBackend(ModelBackend):
    """Django's backend; only the reading of who is signed in differs."""

    def get_user(self, user_id: int) -> User | None:
        row = fetch_one(USER, [user_id])
        if row is None:
            return None
        values = [*row[:CHOICES], json.loads(row[CHOICES]), *row[CHOICES + 1 :]]
        user = User.from_db("default", USER_FIELDS, values)
        return user if self.user_can_authenticate(user) else None
