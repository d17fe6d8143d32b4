"""What audit events say of ledgers and currencies, in words."""

from __future__ import annotations

from audit.naming import name_records
from audit.telling import tell_choices
from ledgers.models import Currency, Ledger


def register() -> None:
    name_records("ldg", Ledger, "name", page="ledgers:detail")
    tell_choices("currency.kind", Currency.Kind)
