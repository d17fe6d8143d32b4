"""Changes to identities, each with its audit event."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db import transaction as db_transaction
from django.db.backends.utils import CursorWrapper

from audit.recording import record
from identities.models import Identity

if TYPE_CHECKING:
    from users.models import User

# Under it, a kind and a name always give the same public id.
NAMES = uuid.UUID("5ec5ba0c-1d4f-4be4-9d43-3a5a2f4e7f43")


def create_identity(  # noqa: PLR0913
    *,
    name: str,
    kind: str,
    email: str = "",
    metadata: Mapping[str, Any] | None = None,
    public_id: uuid.UUID | None = None,
    actor: User | None,
) -> Identity:
    """Create an identity, or return the one that already has `public_id`.

    A form draws `public_id` when it is shown, so that sending it twice creates
    one record.
    """
    with db_transaction.atomic():
        identity, created = Identity.objects.get_or_create(
            public_id=public_id or uuid.uuid4(),
            defaults={
                "name": name,
                "kind": kind,
                "email": email,
                "metadata": dict(metadata or {}),
            },
        )
        if created:
            record(
                actor=actor,
                action="identity.created",
                subject=identity.key,
                after={"name": name, "kind": kind, "email": email},
            )
    return identity


def change_identity(
    identity: Identity, *, name: str, kind: str, email: str, actor: User | None
) -> None:
    """Change the profile of an identity."""
    with db_transaction.atomic():
        locked = Identity.objects.select_for_update(no_key=True).get(pk=identity.pk)
        before = {"name": locked.name, "kind": locked.kind, "email": locked.email}
        after = {"name": name, "kind": kind, "email": email}
        if before == after:
            return
        Identity.objects.filter(pk=identity.pk).update(**after)
        record(
            actor=actor,
            action="identity.changed",
            subject=identity.key,
            before=before,
            after=after,
        )


def find_or_create_identities(
    names: Collection[str], *, kind: str, cause: str, actor: User | None
) -> dict[str, int]:
    """The primary key of the identity of each name, in few queries.

    A name for which this made an identity once stays with it, even if that is
    renamed later; else the oldest identity of this kind and name is taken.
    Those that are missing are made, with one audit event that tells how many,
    and the `cause`.
    """
    keys = {uuid.uuid5(NAMES, f"{kind} {name}"): name for name in names}
    with db_transaction.atomic(), connection.cursor() as cursor:
        found = _find_identities(cursor, keys, kind)
        missing = {key: name for key, name in keys.items() if name not in found}
        if missing:
            # Another import may be making the same ones.
            cursor.execute(
                "INSERT INTO identities_identity (public_id, kind, name, email, metadata)"
                " SELECT key, %s, name, '', '{}'"
                " FROM unnest(%s::uuid[], %s::text[]) AS n (key, name)"
                " ON CONFLICT (public_id) DO NOTHING",
                [kind, list(missing), list(missing.values())],
            )
            found |= _find_identities(cursor, missing, kind)
            record(
                actor=actor,
                action="identities.created",
                subject="identities",
                after={"kind": kind, "count": len(missing), "cause": cause},
            )
    return found


def _find_identities(
    cursor: CursorWrapper, names: Mapping[uuid.UUID, str], kind: str
) -> dict[str, int]:
    cursor.execute(
        "SELECT DISTINCT ON (name) name, id FROM identities_identity"
        " WHERE name = ANY (%s) AND kind = %s ORDER BY name, id",
        [list(names.values()), kind],
    )
    found: dict[str, int] = dict(cursor.fetchall())
    cursor.execute(
        "SELECT public_id, id FROM identities_identity WHERE public_id = ANY (%s)", [list(names)]
    )
    return found | {names[key]: pk for key, pk in cursor.fetchall()}
