"""What audit events say of transactions, in words."""

from __future__ import annotations

from collections.abc import Sequence

from audit.models import AuditEvent
from audit.naming import name_records
from audit.telling import tell_records
from transactions.models import Transaction
from web.addresses import url_of


def register() -> None:
    name_records("txn", Transaction, "reference", page="transactions:detail")
    # The event itself says which files an import read.
    name_records(
        "batch", AuditEvent, "after__files", by="subject", say=_name_files, address=_imported_at
    )
    for field in ("of", "earlier"):
        tell_records(f"transaction.{field}", Transaction, "txn", name="reference")


def _name_files(files: Sequence[str]) -> str:
    return ", ".join(files)


def _imported_at(subject: str, _files: Sequence[str]) -> str:
    """The transactions of the batch."""
    batch_id = subject.removeprefix("batch_")
    return f"{url_of('transactions:list')}?where=batch:is:{batch_id}"
