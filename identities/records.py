"""Everything the record of an identity holds, for people and programs to read."""

from __future__ import annotations

from typing import Any

from identities.models import Identity


def describe_record(identity: Identity) -> dict[str, Any]:
    """The record as JSON can hold it."""
    return {
        "id": identity.key,
        "number": identity.pk,
        "kind": identity.kind,
        "name": identity.name,
        "email": identity.email or None,
        "created_at": identity.created_at.isoformat(),
        "metadata": identity.metadata,
    }
