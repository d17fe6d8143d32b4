"""What audit events say of identities, in words."""

from __future__ import annotations

from audit.naming import name_records
from audit.telling import tell_choices
from identities.models import Identity


def register() -> None:
    name_records("idt", Identity, "name", page="identities:detail")
    tell_choices("identity.kind", Identity.Kind)
