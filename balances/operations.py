"""Changes to balances that move no money, each with its audit event."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection
from django.db import transaction as db_transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from audit.recording import record
from balances.models import Balance
from identities.models import Identity
from ledgers.models import Currency, Ledger
from web.database_errors import constraint_of

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
                    after=_as_opened(balance),
                )
    except IntegrityError as error:
        if constraint_of(error) == "balance_indicator_unique":
            raise IndicatorTakenError(
                _("The General Ledger already has %(indicator)s in %(currency)s.")
                % {"indicator": indicator, "currency": currency.code}
            ) from error
        raise
    return balance


def _as_opened(balance: Balance) -> dict[str, str | None]:
    """What the audit event of a new balance says about it."""
    floor_minor = balance.floor_minor
    return {
        "ledger": balance.ledger.key,
        "currency": balance.currency_id,
        "identity": balance.identity.key if balance.identity else None,
        "indicator": balance.indicator,
        "normal_side": balance.normal_side,
        "floor_minor": None if floor_minor is None else str(floor_minor),
    }


def find_or_open_balances(  # noqa: PLR0913
    identities: Collection[int],
    *,
    ledger: Ledger,
    currency: str,
    normal_side: str,
    floor_minor: int | None,
    cause: str,
    actor: User | None,
) -> dict[int, int]:
    """The balance of each identity in a ledger and currency, in few queries.

    Takes and answers with primary keys. Where an identity has several, an open
    one and then the oldest is taken. Those that are missing are opened at zero,
    with one audit event that tells how many, and the `cause`.
    """
    keys = {uuid.uuid5(ledger.public_id, f"{pk} {currency}"): pk for pk in identities}
    with db_transaction.atomic(), connection.cursor() as cursor:
        found = _find_balances(cursor, keys, ledger, currency)
        missing = {key: pk for key, pk in keys.items() if pk not in found}
        if missing:
            # Another import may be opening the same ones.
            cursor.execute(
                "INSERT INTO balances_balance (public_id, identity_id, ledger_id, currency,"
                " indicator, normal_side, floor_minor, metadata, credit_minor, debit_minor,"
                " inflight_credit_minor, inflight_debit_minor, entry_count, transaction_count,"
                " ledger_transaction_count)"
                " SELECT key, identity_id, %s, %s, '', %s, %s, '{}', 0, 0, 0, 0, 0, 0, 0"
                " FROM unnest(%s::uuid[], %s::bigint[]) AS n (key, identity_id)"
                " ON CONFLICT (public_id) DO NOTHING",
                [
                    *(ledger.pk, currency, normal_side, floor_minor),
                    *(list(missing), list(missing.values())),
                ],
            )
            found |= _find_balances(cursor, missing, ledger, currency)
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
    cursor: CursorWrapper, identities: Mapping[uuid.UUID, int], ledger: Ledger, currency: str
) -> dict[int, int]:
    # One opened for an identity is still its own here after it was given to another.
    cursor.execute(
        "SELECT public_id, id FROM balances_balance WHERE public_id = ANY (%s)",
        [list(identities)],
    )
    found = {identities[key]: pk for key, pk in cursor.fetchall()}
    cursor.execute(
        "SELECT DISTINCT ON (identity_id) identity_id, id FROM balances_balance"
        " WHERE ledger_id = %s AND currency = %s AND identity_id = ANY (%s)"
        " ORDER BY identity_id, closed_at NULLS FIRST, id",
        [ledger.pk, currency, list(identities.values())],
    )
    return found | dict(cursor.fetchall())


def close_balance(balance: Balance, *, at: datetime, actor: User | None) -> None:
    """Let a balance take no more entries; it must be at zero with nothing inflight.

    Raises:
        NotEmptyError: it still holds money.
    """
    with db_transaction.atomic():
        locked = Balance.objects.select_for_update(no_key=True).get(pk=balance.pk)
        if locked.is_closed:
            return
        if not locked.is_empty:
            raise NotEmptyError(_("Only a balance at zero, with nothing inflight, can be closed."))
        Balance.objects.filter(pk=balance.pk).update(closed_at=at)
        record(actor=actor, action="balance.closed", subject=balance.key)


def reopen_balance(balance: Balance, *, actor: User | None) -> None:
    """Let a closed balance take entries again."""
    with db_transaction.atomic():
        if Balance.objects.filter(pk=balance.pk, closed_at__isnull=False).update(closed_at=None):
            record(actor=actor, action="balance.reopened", subject=balance.key)
