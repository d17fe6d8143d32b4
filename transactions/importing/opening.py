"""The balances that drafts name: found, or opened on first use."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from balances.models import Balance
from balances.operations import find_or_open_balances
from identities.operations import find_or_create_identities
from ledgers.models import Ledger
from ledgers.operations import create_ledger, find_namesake
from transactions.importing.building import Target
from transactions.importing.mapping import ImportMapping, Side
from transactions.importing.toml import MappingError
from transactions.requests import Indicator
from web.converters import parse_key

if TYPE_CHECKING:
    from users.models import User

# Under it a ledger's name always gives the same public id, so that two imports at once make one.
NAMES = uuid.UUID("a3f0c5b2-6d5e-4a57-9f0e-2b9d1c7e8f14")
# Stands for a balance that cannot be: the engine refuses what names it, and nothing else.
NONE = 0


class Opener:
    """Finds the balance of each target, and remembers it for the rest of an import.

    When the database transaction that opened some is rolled back, call `forget`.
    """

    def __init__(self, mapping: ImportMapping, *, cause: str, actor: User | None) -> None:
        self._mapping = mapping
        self._cause = cause
        self._actor = actor
        self._found: dict[Target, int | Indicator] = {}
        self._ledgers: dict[str, Ledger] = {}

    def forget(self) -> None:
        self._found.clear()
        self._ledgers.clear()

    def open(self, targets: Iterable[Target]) -> Mapping[Target, int | Indicator]:
        """What a leg names for each target; may hold others met before.

        Ledgers, identities and balances that are missing are made, in few
        queries. Call it within the database transaction of the posting.

        Raises:
            MappingError: an owner's balance would lie in the General Ledger, or a balance
                that is named is not there or in another currency.
        """
        missing: defaultdict[tuple[bool, str], list[str]] = defaultdict(list)
        for target in sorted({target for target in targets if target not in self._found}):
            missing[target.is_debit, target.currency].append(target.name)
        for (is_debit, currency), names in missing.items():
            side = self._mapping.debit if is_debit else self._mapping.credit
            for name, balance in self._open_side(side, names, currency).items():
                self._found[Target(is_debit, name, currency)] = balance
        return self._found

    def _open_side(
        self, side: Side, names: list[str], currency: str
    ) -> Mapping[str, int | Indicator]:
        if side.indicator:
            return {name: Indicator(name, currency) for name in names}
        if side.balance:
            return {name: self._find_balance(name, currency) for name in names}
        identities = find_or_create_identities(
            names, kind=side.owner_kind, cause=self._cause, actor=self._actor
        )
        balances = find_or_open_balances(
            identities.values(),
            ledger=self._find_ledger(side.ledger),
            currency=currency,
            normal_side=side.normal_side,
            floor_minor=None if side.may_go_below_zero else 0,
            cause=self._cause,
            actor=self._actor,
        )
        return {name: balances[pk] for name, pk in identities.items()}

    def _find_ledger(self, name: str) -> Ledger:
        ledger = self._ledgers.get(name) or find_namesake(name)
        if ledger is None:
            key = uuid.uuid5(NAMES, name.lower())
            ledger = create_ledger(name=name, public_id=key, actor=self._actor)
        if ledger.is_general:
            raise MappingError(
                _("The General Ledger holds indicators; name another ledger for owners.")
            )
        self._ledgers[name] = ledger
        return ledger

    def _find_balance(self, key: str, currency: str) -> int:
        """One that is there; `NONE` for a row whose own currency is another."""
        public_id = parse_key(key, "bln")
        balance = Balance.objects.filter(public_id=public_id).first() if public_id else None
        if balance is None:
            raise MappingError(_("There is no balance with the id %s.") % key)
        if balance.currency_id == currency:
            return balance.pk
        if self._mapping.amount.currency.names:
            return NONE
        raise MappingError(
            _("The balance %(key)s is in %(its)s, not in %(currency)s.")
            % {"key": key, "its": balance.currency_id, "currency": currency}
        )
