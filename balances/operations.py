"""Changes to balances that move no money, each with its audit event."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError
from django.db import transaction as db_transaction
from django.utils.translation import gettext as _

from audit.recording import record
from balances.models import Balance
from identities.models import Identity
from ledgers.models import Currency, Ledger

if TYPE_CHECKING:
    from users.models import User


class BalanceError(Exception):
    """The change is refused; the message is for the user."""


class IndicatorTakenError(BalanceError):
    """The General Ledger has a balance with this indicator and currency."""


class NotEmptyError(BalanceError):
    """A balance that holds money cannot be closed."""


def open_balance(  # noqa: PLR0913
    *,
    ledger: Ledger,
    currency: Currency,
    identity: Identity | None = None,
    indicator: str = "",
    normal_side: str = Balance.NormalSide.CREDIT,
    floor_minor: int | None = 0,
    metadata: Mapping[str, Any] | None = None,
    public_id: uuid.UUID | None = None,
    actor: User | None,
) -> Balance:
    """Open a balance at zero, or return the one that already has `public_id`.

    `floor_minor` is the lowest figure allowed on the normal side: 0 for a
    balance that may not go below zero, a negative figure for a limit, None for
    no limit. `indicator` is for the General Ledger alone.

    Raises:
        IndicatorTakenError: another balance has this indicator and currency.
    """
    public_id = public_id or uuid.uuid4()
    values = {
        "ledger": ledger,
        "currency": currency,
        "identity": identity,
        "indicator": indicator,
        "normal_side": normal_side,
        "floor_minor": floor_minor,
        "metadata": dict(metadata or {}),
    }
    try:
        with db_transaction.atomic():
            balance, created = Balance.objects.get_or_create(public_id=public_id, defaults=values)
            if created:
                record(
                    actor=actor,
                    action="balance.opened",
                    subject=balance.key,
                    after={
                        "ledger": ledger.key,
                        "currency": currency.code,
                        "identity": identity.key if identity else None,
                        "indicator": indicator,
                        "normal_side": normal_side,
                        "floor_minor": None if floor_minor is None else str(floor_minor),
                    },
                )
    except IntegrityError as error:
        if _constraint(error) == "balance_indicator_unique":
            raise IndicatorTakenError(
                _("The General Ledger already has %(indicator)s in %(currency)s.")
                % {"indicator": indicator, "currency": currency.code}
            ) from error
        raise
    return balance


def find_or_open_balances(  # noqa: PLR0913
    identities: Collection[Identity],
    *,
    ledger: Ledger,
    currency: str,
    normal_side: str,
    floor_minor: int | None,
    cause: str,
    actor: User | None,
) -> dict[int, int]:
    """The balance of each identity in a ledger and currency, in few queries.

    Answers with the primary keys of balances by those of identities. Where an
    identity has several, an open one and then the oldest is taken; where it has
    none, one is opened at zero. One audit event tells how many, and the `cause`.
    """
    keys = {
        identity.pk: uuid.uuid5(ledger.public_id, f"{identity.public_id} {currency}")
        for identity in identities
    }
    with db_transaction.atomic():
        found = _find_balances(keys, ledger, currency)
        missing = [
            Balance(
                public_id=keys[identity.pk],
                ledger=ledger,
                currency_id=currency,
                identity=identity,
                normal_side=normal_side,
                floor_minor=floor_minor,
            )
            for identity in identities
            if identity.pk not in found
        ]
        if missing:
            # Another import may be opening the same ones.
            Balance.objects.bulk_create(missing, ignore_conflicts=True)
            found = _find_balances(keys, ledger, currency)
            record(
                actor=actor,
                action="balances.opened",
                subject=ledger.key,
                after={
                    "currency": currency,
                    "normal_side": normal_side,
                    "floor_minor": None if floor_minor is None else str(floor_minor),
                    "count": len(missing),
                    "cause": cause,
                },
            )
    return found


def _find_balances(
    keys: Mapping[int, uuid.UUID], ledger: Ledger, currency: str
) -> dict[int, int]:
    rows = (
        Balance.objects.filter(ledger=ledger, currency=currency, identity__in=keys)
        .order_by("closed_at", "-pk")  # the open ones last, and of those the oldest
        .values_list("identity_id", "pk")
    )
    by_key = dict(
        Balance.objects.filter(public_id__in=keys.values()).values_list("public_id", "pk")
    )
    found = {identity_pk: pk for identity_pk, pk in rows if identity_pk is not None}
    # One that was opened for an identity and given to another since is still its own here.
    missing = {identity_pk: key for identity_pk, key in keys.items() if identity_pk not in found}
    return found | {pk: by_key[key] for pk, key in missing.items() if key in by_key}


def close_balance(balance: Balance, *, at: datetime, actor: User | None) -> None:
    """Let a balance take no more entries; it must be at zero with nothing inflight.

    Raises:
        NotEmptyError: it still holds money.
    """
    with db_transaction.atomic():
        locked = Balance.objects.select_for_update(no_key=True).get(pk=balance.pk)
        if locked.is_closed:
            return
        if locked.balance_minor or locked.inflight_credit_minor or locked.inflight_debit_minor:
            raise NotEmptyError(_("Only a balance at zero, with nothing inflight, can be closed."))
        Balance.objects.filter(pk=balance.pk).update(closed_at=at)
        record(actor=actor, action="balance.closed", subject=balance.key)


def reopen_balance(balance: Balance, *, actor: User | None) -> None:
    """Let a closed balance take entries again."""
    with db_transaction.atomic():
        if Balance.objects.filter(pk=balance.pk, closed_at__isnull=False).update(closed_at=None):
            record(actor=actor, action="balance.reopened", subject=balance.key)


def _constraint(error: IntegrityError) -> str | None:
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
