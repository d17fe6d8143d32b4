"""Recording what a person changed, inside the database transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from audit.models import AuditEvent

if TYPE_CHECKING:
    from users.models import User


def record(
    *,
    actor: User | None,
    action: str,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one audit event; call it within the `atomic()` block of the change.

    `action` is `<thing>.<past participle>` (`ledger.created`), `subject` the
    record's public key (`ldg_…`). `actor` is None for a change made by a
    command rather than a person; its name is then "system".
    """
    return AuditEvent.objects.create(
        actor=actor,
        actor_name=actor.get_username() if actor else "system",
        action=action,
        subject=subject,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
    )
