"""Everything the record of a balance holds, for people and programs to read."""

from __future__ import annotations

from typing import Any

from balances.models import Balance
from ledgers.money import format_plain


def describe_record(balance: Balance) -> dict[str, Any]:
    """The record as JSON can hold it: amounts as exact text in major units, and in minor."""
    exponent = balance.currency.exponent

    def amount(minor: int) -> dict[str, str]:
        return {"amount": format_plain(minor, exponent), "minor": str(minor)}

    floor_minor = balance.floor_minor
    return {
        "id": balance.key,
        "number": balance.pk,
        "ledger": {"id": balance.ledger.key, "name": balance.ledger.name},
        "currency": {"code": balance.currency_id, "decimals": exponent},
        "owner": (
            {"id": balance.identity.key, "name": balance.identity.name}
            if balance.identity
            else None
        ),
        "indicator": balance.indicator or None,
        "normal_side": balance.normal_side,
        "floor": None if floor_minor is None else amount(floor_minor),
        "balance": amount(balance.balance_minor),
        "credits": amount(balance.credit_minor),
        "debits": amount(balance.debit_minor),
        "inflight": amount(balance.inflight_minor),
        "inflight_credits": amount(balance.inflight_credit_minor),
        "inflight_debits": amount(balance.inflight_debit_minor),
        "entries": balance.entry_count,
        "transactions": balance.event_count,
        "records": balance.transaction_count,
        "last_entry_at": balance.last_entry_at.isoformat() if balance.last_entry_at else None,
        "closed_at": balance.closed_at.isoformat() if balance.closed_at else None,
        "created_at": balance.created_at.isoformat(),
        "metadata": balance.metadata,
    }
