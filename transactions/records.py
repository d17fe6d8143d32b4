"""Everything the record of a transaction holds, for people and programs to read."""

from __future__ import annotations

from typing import Any

from transactions.exchange import format_plain_rate
from transactions.models import Hold, Transaction


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
        "overdraft_minor": _number(transaction.overdraft_minor),
        "exchange_rate": format_plain_rate(transaction.exchange_rate)
        if transaction.exchange_rate
        else None,
        "hold": _describe_hold(transaction),
        "metadata": transaction.metadata,
    }


def _describe_hold(transaction: Transaction) -> dict[str, Any] | None:
    hold = Hold.objects.filter(pk=transaction.pk).first()
    if hold is None:
        return None
    return {
        "state": hold.state.value,
        "held_minor": _number(hold.total_minor),
        "committed_minor": _number(hold.committed_minor),
        "released_minor": _number(hold.released_minor),
        "expires_at": hold.expires_at and hold.expires_at.isoformat(),
    }


def _number(minor: int | None) -> str | None:
    """As text: programs read numbers of 38 digits as floats."""
    return None if minor is None else str(int(minor))
