"""Everything the record of a ledger holds, for people and programs to read."""

from __future__ import annotations

from typing import Any

from ledgers.models import Ledger


def describe_record(ledger: Ledger) -> dict[str, Any]:
    """The record as JSON can hold it."""
    return {
        "id": ledger.key,
        "number": ledger.pk,
        "name": ledger.name,
        "is_general": ledger.is_general,
        "created_at": ledger.created_at.isoformat(),
        "metadata": ledger.metadata,
    }
