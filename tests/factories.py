"""Builders of test data: keyword-only, harmless defaults, everything through the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.test import Client

from balances.models import Balance
from balances.operations import open_balance
from identities.models import Identity
from identities.operations import create_identity
from ledgers.models import Currency, Ledger
from ledgers.operations import create_ledger
from transactions.models import Transaction
from transactions.posting import post
from transactions.requests import Indicator, Leg, PostingRequest, transfer
from users.models import User

NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"
FUNDING = "@Funding"

_numbers = count(1)


def make_user(*, username: str = "", is_staff: bool = False, **fields: Any) -> User:
    """A person who can sign in with `PASSWORD`; a number in the name makes each unique."""
    user = User(username=username or f"clerk-{next(_numbers)}", is_staff=is_staff, **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


def make_client(*, user: User | None = None, **options: Any) -> Client:
    """A browser in which `user` (else a new one) is signed in."""
    client = Client(**options)
    client.force_login(user or make_user())
    return client


def make_ledger(
    *, name: str = "", metadata: Mapping[str, Any] | None = None, actor: User | None = None
) -> Ledger:
    return create_ledger(name=name or f"Ledger {next(_numbers)}", metadata=metadata, actor=actor)


def general_ledger() -> Ledger:
    """The one that a migration makes."""
    return Ledger.objects.get(is_general=True)


def make_identity(
    *,
    name: str = "",
    kind: str = Identity.Kind.ORGANIZATION,
    email: str = "",
    metadata: Mapping[str, Any] | None = None,
    actor: User | None = None,
) -> Identity:
    name = name or f"Identity {next(_numbers)}"
    return create_identity(name=name, kind=kind, email=email, metadata=metadata, actor=actor)


def make_balance(
    *,
    ledger: Ledger | None = None,
    currency: str = "GBP",
    identity: Identity | None = None,
    indicator: str = "",
    normal_side: str = Balance.NormalSide.CREDIT,
    floor_minor: int | None = 0,
    opening_minor: int = 0,
    metadata: Mapping[str, Any] | None = None,
    actor: User | None = None,
) -> Balance:
    """A balance that holds `opening_minor` on its normal side, posted against `@Funding`.

    An indicator without a ledger is opened in the General Ledger.
    """
    if ledger is None:
        ledger = general_ledger() if indicator else make_ledger()
    balance = open_balance(
        ledger=ledger,
        currency=Currency.objects.get(pk=currency),
        identity=identity,
        indicator=indicator,
        normal_side=normal_side,
        floor_minor=floor_minor,
        metadata=metadata,
        actor=actor,
    )
    if opening_minor:
        sides: list[Balance | Indicator] = [Indicator(FUNDING, currency), balance]
        if normal_side == Balance.NormalSide.DEBIT:
            sides.reverse()
        post_transfer(source=sides[0], destination=sides[1], amount_minor=opening_minor)
        balance.refresh_from_db()
    return balance


def legs_between(
    source: Balance | Indicator, destination: Balance | Indicator, amount_minor: int
) -> Sequence[Leg]:
    """A debit of `source` and a credit of `destination`."""
    return transfer(
        source=source.pk if isinstance(source, Balance) else source,
        destination=destination.pk if isinstance(destination, Balance) else destination,
        amount_minor=amount_minor,
    )


def post_transfer(
    *,
    source: Balance | Indicator,
    destination: Balance | Indicator,
    amount_minor: int = 1_00,
    reference: str = "",
    description: str = "",
    effective_at: datetime | None = NOON,
    metadata: Mapping[str, Any] | None = None,
    actor: User | None = None,
) -> Transaction:
    """Move money from `source` (debited) to `destination` (credited), through the engine."""
    request = PostingRequest(
        reference=reference or f"test-{next(_numbers)}",
        legs=legs_between(source, destination, amount_minor),
        description=description,
        effective_at=effective_at,
        metadata=metadata or {},
    )
    transaction_id = post(request, actor=actor).transaction_id
    assert transaction_id is not None
    return Transaction.objects.get(pk=transaction_id)
