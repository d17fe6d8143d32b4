"""Saved views, as the tabs of a table show them."""

from __future__ import annotations

from django.http import HttpRequest

from users.models import SavedView, User
from users.saved_views import can_change
from web.statements import fetch_all
from web.tables.definition import Table
from web.tables.tabs import View

SEEN = """
SELECT "table", public_id::text, name, description, query,
       (owner_id = %(user)s OR %(is_staff)s) AND (%(may_share)s OR NOT is_shared)
FROM users_savedview
WHERE (owner_id = %(user)s OR is_shared)
"""
# One's own in their order, then what others share, by name.
VIEWS = f"""{SEEN} AND "table" = %(table)s
ORDER BY owner_id <> %(user)s, CASE WHEN owner_id = %(user)s THEN position END, lower(name), id
"""
NAMED = f"""{SEEN} AND strpos(upper(name), upper(%(text)s)) > 0
ORDER BY name, id LIMIT %(limit)s
"""


def list_views(request: HttpRequest, table: Table) -> list[View]:
    """All that the person who asks can see."""
    user = request.user
    if not isinstance(user, User):
        return []
    asked = {**_of(user), "table": table.name}
    return [View(*row) for _table, *row in fetch_all(VIEWS, asked)]


def find_views(text: str, *, user: User, limit: int) -> list[tuple[str, View]]:
    """Those that the person can see with `text` in their name, each with the name of its table."""
    asked = {**_of(user), "text": text, "limit": limit}
    return [(table, View(*row)) for table, *row in fetch_all(NAMED, asked)]


def _of(user: User) -> dict[str, object]:
    """What `SEEN` asks about the person; `users.saved_views.can_change` says the same of one."""
    return {"user": user.pk, "is_staff": user.is_staff, "may_share": user.may_change_books}


def as_tab(user: User, view: SavedView) -> View:
    return View(
        key=str(view.public_id),
        name=view.name,
        description=view.description,
        query=view.query,
        can_change=can_change(user, view),
    )
