"""What a person has chosen for a table: its columns, size of pages, density and first view."""

from __future__ import annotations

from typing import TypedDict

from django.db import transaction as db_transaction

from users.models import User


class TableChoices(TypedDict, total=False):
    """What is not there is as for everybody. `view` is the id of a saved view."""

    columns: list[str]
    size: int
    density: str
    view: str


def first_view_of(user: User, table: str) -> str:
    """The id of the view that the table opens with for this person; "" if with none."""
    return str(user.table_choices.get(table, {}).get("view", ""))


def change_table_choices(*, user: User, table: str, choices: TableChoices) -> None:
    """Remember `choices` for the table, in place of those of before; none at all forgets them."""
    with db_transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        person.table_choices.pop(table, None)
        if choices:
            person.table_choices[table] = choices
        person.save(update_fields=["table_choices"])


def choose_first_view(*, user: User, table: str, view: str, is_first: bool) -> None:
    """Let the table open with the view of this id, or no longer with it."""
    with db_transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        choices = person.table_choices.setdefault(table, {})
        if is_first:
            choices["view"] = view
        elif choices.get("view") == view:
            del choices["view"]
        person.save(update_fields=["table_choices"])
