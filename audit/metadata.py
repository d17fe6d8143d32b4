"""Changing the extra information that ledgers, balances, identities and transactions carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db import transaction as db_transaction

if TYPE_CHECKING:
    from users.models import User


def change_metadata(
    row: models.Model,
    *,
    changes: Mapping[str, Any],
    removed: Collection[str] = (),
    actor: User | None,
) -> dict[str, Any]:
    """Merge `changes` into the metadata of `row` and drop the keys in `removed`.

    Keys that are not named stay as they are; a nested value is replaced as a
    whole. A trigger writes the audit event with the metadata before and after,
    so that a change by any other road leaves the same trace. Returns the
    metadata as stored.
    """
    model = type(row)
    with db_transaction.atomic():
        stored: Any = model._default_manager.select_for_update(no_key=True).get(pk=row.pk)
        metadata = {key: value for key, value in stored.metadata.items() if key not in removed}
        metadata.update(changes)
        if metadata != stored.metadata:
            name_actor(actor)
            model._default_manager.filter(pk=row.pk).update(metadata=metadata)
    return metadata


def name_actor(actor: User | None) -> None:
    """Tell the database who acts, until the end of the current transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('daybook.actor', %s, true)", [str(actor.pk) if actor else ""]
        )
