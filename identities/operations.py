"""Changes to identities, each with its audit event."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction as db_transaction

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
        locked = Identity.objects.select_for_update().get(pk=identity.pk)
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
) -> dict[str, Identity]:
    """The identity of each name, in few queries; one audit event for those that are new.

    A name that this made once stays with its identity, even if that is renamed
    later; else the oldest identity of this kind and name is taken. `cause`
    tells in the audit event what they were made for.
    """
    keys = {name: uuid.uuid5(NAMES, f"{kind} {name}") for name in names}
    with db_transaction.atomic():
        found = _find_identities(keys, kind)
        missing = [
            Identity(public_id=key, kind=kind, name=name)
            for name, key in keys.items()
            if name not in found
        ]
        if missing:
            # Another import may be making the same ones.
            Identity.objects.bulk_create(missing, ignore_conflicts=True)
            found |= _find_identities({each.name: each.public_id for each in missing}, kind)
            record(
                actor=actor,
                action="identities.created",
                subject="identities",
                after={"kind": kind, "count": len(missing), "cause": cause},
            )
    return found


def _find_identities(keys: Mapping[str, uuid.UUID], kind: str) -> dict[str, Identity]:
    by_name = Identity.objects.filter(name__in=keys, kind=kind).order_by("-pk")
    found = {identity.name: identity for identity in by_name}
    by_key = Identity.objects.in_bulk(list(keys.values()), field_name="public_id")
    return found | {name: by_key[key] for name, key in keys.items() if key in by_key}
