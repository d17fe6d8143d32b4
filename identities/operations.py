"""Changes to identities, each with its audit event."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction as db_transaction

from audit.recording import record
from identities.models import Identity

if TYPE_CHECKING:
    from users.models import User


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
