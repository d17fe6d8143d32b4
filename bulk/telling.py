"""What audit events say of bulk actions, in words."""

from __future__ import annotations

from audit.telling import tell_choices
from bulk.models import Run


def register() -> None:
    tell_choices("bulk.action", Run.Action)
