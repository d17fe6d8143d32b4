"""Everything the record of a transaction holds, for people and programs to read."""

from __future__ import annotations

from typing import Any

from transactions.models import Transaction


def describe_record(transaction: Transaction) -> dict[str, Any]:
    """The record as JSON can hold it; its entries have a table of their own."""
    return {
        "id": transaction.key,
        "number": transaction.pk,
        "reference": transaction.reference,
        "kind": transaction.kind,
        "status": transaction.status,
        "description": transaction.description,
        "entries": transaction.entry_count,
        "effective_at": transaction.effective_at.isoformat(),
        "created_at": transaction.created_at.isoformat(),
        "posted_by": transaction.actor.get_username() if transaction.actor else None,
        "parent": transaction.parent.key if transaction.parent else None,
        "reverses": transaction.reverses.key if transaction.reverses else None,
        "batch": str(transaction.batch_id) if transaction.batch_id else None,
        "metadata": transaction.metadata,
    }
