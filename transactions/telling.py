"""What audit events say of transactions, in words."""

from __future__ import annotations

from audit.naming import name_records
from audit.telling import tell_records
from transactions.models import Transaction


def register() -> None:
    name_records("txn", Transaction, "reference", page="transactions:detail")
    for field in ("of", "earlier"):
        tell_records(f"transaction.{field}", Transaction, "txn", name="reference")
