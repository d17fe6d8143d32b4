"""What audit events say of bulk actions, in words."""

from __future__ import annotations

from audit.naming import name_records
from audit.telling import tell_choices, tell_records
from bulk.models import Run


def register() -> None:
    tell_choices("bulk.action", Run.Action)
    tell_records("transaction.run", Run, "bulk", name="title")
    # Its page is for who did it alone.
    name_records("bulk", Run, "action", "item_count", say=_name_run)


def _name_run(action: str, item_count: int) -> str:
    return Run(action=action, item_count=item_count).title
