"""What audit events say of identities, in words."""

from __future__ import annotations

from audit.telling import tell_choices
from identities.models import Identity


def register() -> None:
    tell_choices("identity.kind", Identity.Kind)
