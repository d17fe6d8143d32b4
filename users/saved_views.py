"""Saved views of tables, and changes to them, each with its audit event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError
from django.db import transaction as db_transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from users.models import SavedView, User
from users.recording import record
from web.database_errors import constraint_of
from web.text import isolate

QUERY_LENGTH_MAX = 4000
VIEWS_MAX = 100
AUDITED = ("table", "name", "description", "query", "is_shared")


class SavedViewError(Exception):
    """A view that cannot be kept so; its message is fit for people."""


class ViewNameTakenError(SavedViewError):
    """Its owner has another view of that name for the table."""


class QueryTooLongError(SavedViewError):
    """The query is longer than what is kept."""


class TooManyViewsError(SavedViewError):
    """Its owner has as many for the table as there may be."""


def can_see(user: User, view: SavedView) -> bool:
    return view.is_shared or view.owner_id == user.pk


def can_change(user: User, view: SavedView) -> bool:
    """One's own; as staff also what others share. What is shared is not for readers to change."""
    if view.is_shared and not user.may_change_books:
        return False
    return view.owner_id == user.pk or (view.is_shared and user.is_staff)


def save_view(  # noqa: PLR0913
    *,
    owner: User,
    table: str,
    name: str,
    query: str,
    description: str = "",
    is_shared: bool = False,
) -> SavedView:
    """Keep `query`, the table's address without its path, as the last of the owner's views.

    Raises:
        SavedViewError: the name is taken, the query too long, or there are too many.
    """
    _check_length(query)
    with _names_unique(name), db_transaction.atomic():
        # Held, so that two views saved at once do not get the same position.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        others = SavedView.objects.filter(owner=owner, table=table)
        if others.count() >= VIEWS_MAX:
            told = _("You have %(most)s views of this table, which is the most. Delete one first.")
            raise TooManyViewsError(told % {"most": VIEWS_MAX})
        view = SavedView.objects.create(
            owner=owner,
            table=table,
            name=name,
            description=description,
            query=query,
            is_shared=is_shared,
            position=(others.aggregate(last=Max("position"))["last"] or 0) + 1,
        )
        record(actor=owner, action="view.created", subject=view.key, after=_describe(view))
    return view


def change_view(view: SavedView, *, actor: User, **changes: str | bool) -> None:
    """Change some of `name`, `description`, `query` and `is_shared`.

    Raises:
        SavedViewError: the name is taken, or the query too long.
    """
    _check_length(str(changes.get("query", "")))
    with _names_unique(str(changes.get("name", ""))), db_transaction.atomic():
        stored = SavedView.objects.select_for_update(no_key=True).get(pk=view.pk)
        before = {name: getattr(stored, name) for name in changes}
        changed = {name: value for name, value in changes.items() if before[name] != value}
        if not changed:
            return
        SavedView.objects.filter(pk=view.pk).update(**changed, changed_at=Now())
        record(
            actor=actor,
            action="view.changed",
            subject=view.key,
            before={name: before[name] for name in changed},
            after=changed,
        )


def place_view(view: SavedView, *, after: SavedView | None) -> None:
    """Let a view stand behind another one of its owner's for the same table, or first."""
    with db_transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=view.owner_id)
        views = SavedView.objects.filter(owner=view.owner_id, table=view.table)
        ordered = [each for each in views.order_by("position", "pk") if each.pk != view.pk]
        keys = [each.pk for each in ordered]
        ordered.insert(keys.index(after.pk) + 1 if after else 0, view)
        for position, each in enumerate(ordered, start=1):
            each.position = position
        SavedView.objects.bulk_update(ordered, ["position"])


def delete_view(view: SavedView, *, actor: User) -> None:
    """Delete a view; whose table opened with it finds the table as it is for everybody."""
    with db_transaction.atomic():
        deleted, _models = SavedView.objects.filter(pk=view.pk).delete()
        if deleted:
            record(actor=actor, action="view.deleted", subject=view.key, before=_describe(view))


def _describe(view: SavedView) -> dict[str, str | bool]:
    return {name: getattr(view, name) for name in AUDITED}


def _check_length(query: str) -> None:
    if len(query) > QUERY_LENGTH_MAX:
        told = _("These filters are too long to be saved: %(length)s of %(most)s characters.")
        raise QueryTooLongError(told % {"length": len(query), "most": QUERY_LENGTH_MAX})


@contextmanager
def _names_unique(name: str) -> Iterator[None]:
    """Say it in words when the database refuses a name."""
    try:
        yield
    except IntegrityError as error:
        if constraint_of(error) != "view_name_unique":
            raise
        told = _("There is another view named “%(name)s” for this table.")
        raise ViewNameTakenError(told % {"name": isolate(name)}) from error
