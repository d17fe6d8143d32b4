"""Changes to ledgers and currencies, each with its audit event."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction as db_transaction

from audit.recording import record
from ledgers.models import Currency, Ledger
from web.names import same_as

if TYPE_CHECKING:
    from users.models import User


def create_ledger(
    *,
    name: str,
    metadata: Mapping[str, Any] | None = None,
    public_id: uuid.UUID | None = None,
    actor: User | None,
) -> Ledger:
    """Create a ledger, or return the one that already has `public_id`.

    A form draws `public_id` when it is shown, so that sending it twice creates
    one ledger.
    """
    with db_transaction.atomic():
        ledger, created = Ledger.objects.get_or_create(
            public_id=public_id or uuid.uuid4(),
            defaults={"name": name, "metadata": dict(metadata or {})},
        )
        if created:
            record(
                actor=actor,
                action="ledger.created",
                subject=ledger.key,
                after={"name": name, "metadata": ledger.metadata},
            )
    return ledger


def rename_ledger(ledger: Ledger, *, name: str, actor: User | None) -> None:
    """Give a ledger another name."""
    with db_transaction.atomic():
        before = Ledger.objects.select_for_update(no_key=True).get(pk=ledger.pk).name
        if before == name:
            return
        Ledger.objects.filter(pk=ledger.pk).update(name=name)
        record(
            actor=actor,
            action="ledger.renamed",
            subject=ledger.key,
            before={"name": before},
            after={"name": name},
        )


def find_namesake(name: str, *, other_than: Ledger | None = None) -> Ledger | None:
    """The oldest ledger with the same name (see `web.names`), if any."""
    namesakes = Ledger.objects.filter(**same_as(name))
    if other_than:
        namesakes = namesakes.exclude(pk=other_than.pk)
    return namesakes.order_by("pk").first()


def add_currency(  # noqa: PLR0913
    *, code: str, name: str, exponent: int, symbol: str = "", kind: str, actor: User | None
) -> Currency:
    """Register a custom asset, such as a token with 18 decimals or loyalty points."""
    with db_transaction.atomic():
        currency = Currency.objects.create(
            code=code, name=name, exponent=exponent, symbol=symbol, kind=kind
        )
        record(
            actor=actor,
            action="currency.added",
            subject=code,
            after={"name": name, "exponent": exponent, "symbol": symbol, "kind": kind},
        )
    return currency
