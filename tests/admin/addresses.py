"""Where the pages of the admin are."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

LISTS = [
    "audit_auditevent",
    "users_user",
    "auth_group",
    "identities_identity",
    "ledgers_ledger",
    "ledgers_currency",
    "balances_balance",
    "transactions_transaction",
    "transactions_entry",
    "transactions_hold",
    "transactions_reservation",
    "transactions_proofrun",
    "schedules_schedule",
]


def list_url(name: str) -> str:
    return reverse(f"admin:{name}_changelist")


def page_url(row: Any) -> str:
    name = row._meta.label_lower.replace(".", "_")
    return reverse(f"admin:{name}_change", args=[row.pk])
