from __future__ import annotations

from django.db import transaction as db_transaction

from identities.operations import change_identity
from tests.conftest import OwnDatabase
from tests.factories import make_identity


def test_balances_are_opened_for_an_identity_that_is_being_changed(
    own_database: OwnDatabase,
) -> None:
    owner = make_identity(name="Before")

    with db_transaction.atomic(), own_database.owner() as other:
        change_identity(owner, name="After", kind=owner.kind, email="", actor=None)
        other.execute("SET lock_timeout = '100ms'")
        # As the foreign key of a new balance asks.
        other.execute("SELECT FROM identities_identity WHERE id = %s FOR KEY SHARE", [owner.pk])

    owner.refresh_from_db()
    assert owner.name == "After"
