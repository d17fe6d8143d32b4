"""Django's own writing calls end in a refusal, with the rights of either role."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection
from django.db import transaction as db_transaction
from django.db.models import F, Model
from django.utils import timezone

from audit.models import AuditEvent
from balances.models import Balance
from config.embedded import OWNER_ROLE
from ledgers.models import Ledger
from tests.books import assert_sound, snapshot
from tests.conftest import OwnDatabase
from tests.factories import general_ledger, make_balance, make_user, post_transfer
from transactions.models import Entry, ProofRun, Transaction
from users.models import User


@pytest.fixture(params=["web", "owner"])
def role(request: pytest.FixtureRequest, own_database: OwnDatabase) -> Generator[str, None, None]:
    """Books with a posting, and Django connected as that role."""
    post_transfer(
        source=make_balance(floor_minor=None), destination=make_balance(), actor=make_user()
    )
    ProofRun.objects.create(is_ok=False, duration_seconds=1, checks=[])
    before = dict(connection.settings_dict)
    if request.param == "owner":
        connection.close()
        info = own_database.owner().info
        connection.settings_dict |= {"USER": OWNER_ROLE, "PASSWORD": info.password}
    yield request.param
    connection.close()
    connection.settings_dict.update(before)


def _entries() -> list[Entry]:
    rows = list(Entry.objects.order_by("pk"))
    for row in rows:
        row.amount_minor += 1
    return rows


def _copies(model: type[Model], **changes: Any) -> list[Any]:
    rows = list(model._default_manager.order_by("pk"))
    for row in rows:
        row.pk = None
        for name, value in changes.items():
            setattr(row, name, value)
    return rows


def _saved(model: type[Model], **changes: Any) -> None:
    row = model._default_manager.order_by("-pk")[0]
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


ACTS: dict[str, Callable[[], Any]] = {
    "update of entries": lambda: Entry.objects.update(amount_minor=F("amount_minor") * 2),
    "bulk_update of entries": lambda: Entry.objects.bulk_update(_entries(), ["amount_minor"]),
    "delete of entries": lambda: Entry.objects.all().delete(),
    "raw delete of entries": lambda: Entry.objects.all()._raw_delete("default"),
    "bulk_create of entries": lambda: Entry.objects.bulk_create(_copies(Entry, position=99)),
    "bulk_create over entries": lambda: Entry.objects.bulk_create(
        _entries(),
        update_conflicts=True,
        unique_fields=["balance", "position"],
        update_fields=["amount_minor"],
    ),
    "save of an entry": lambda: _saved(Entry, amount_minor=5),
    "delete of an entry": lambda: Entry.objects.latest("pk").delete(),
    "update of transactions": lambda: Transaction.objects.update(description="x"),
    "save of a transaction": lambda: _saved(Transaction, description="x"),
    "delete of transactions": lambda: Transaction.objects.all()._raw_delete("default"),
    "transaction alone": lambda: Transaction.objects.create(
        reference="alone", entry_count=2, effective_at=timezone.now(), created_at=timezone.now()
    ),
    "bulk_create of transactions": lambda: Transaction.objects.bulk_create(
        _copies(Transaction, reference="copy")
    ),
    "update of totals": lambda: Balance.objects.update(credit_minor=F("credit_minor") + 1),
    "update of counts": lambda: Balance.objects.update(entry_count=0, transaction_count=0),
    "save with totals": lambda: _saved(Balance, debit_minor=5),
    "balance that starts rich": lambda: Balance.objects.bulk_create(
        _copies(Balance, public_id="00000000-0000-0000-0000-000000000001", credit_minor=10**6)[:1]
    ),
    "delete of balances": lambda: Balance.objects.all()._raw_delete("default"),
    "delete of the General Ledger": lambda: general_ledger().delete(),
    "raw delete of ledgers": lambda: Ledger.objects.all()._raw_delete("default"),
    "second General Ledger": lambda: Ledger.objects.create(name="Another", is_general=True),
    "update of audit events": lambda: AuditEvent.objects.update(actor_name="nobody"),
    "delete of audit events": lambda: AuditEvent.objects.all().delete(),
    "save of an audit event": lambda: _saved(AuditEvent, action="nothing.happened"),
    "update of proofs": lambda: ProofRun.objects.update(is_ok=True),
    "delete of users": lambda: User.objects.all()._raw_delete("default"),
}


def test_every_call_is_refused_and_changes_nothing(role: str) -> None:
    before = snapshot()

    for name, act in ACTS.items():
        with pytest.raises(DatabaseError) as caught, db_transaction.atomic():
            act()
        assert isinstance(caught.value, ProgrammingError | IntegrityError), name
        if role == "web" and name not in {"balance that starts rich", "second General Ledger"}:
            assert "permission denied" in str(caught.value), name

    assert snapshot() == before
    assert_sound()
