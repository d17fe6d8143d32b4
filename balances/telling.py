"""What audit events say of balances, in words: a floor is an amount of the balance's currency."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from audit.naming import name_records
from audit.telling import Held, tell, tell_choices, tell_records
from balances.models import Balance
from balances.naming import name_balance
from identities.models import Identity
from ledgers.models import Currency, Ledger
from ledgers.money import format_amount, format_plain
from web.converters import parse_key


def register() -> None:
    fields = ("indicator", "identity__name", "public_id", "currency_id")
    name_records("bln", Balance, *fields, page="balances:detail", say=_name_balance)
    tell_choices("balance.normal_side", Balance.NormalSide)
    tell_records("balance.ledger", Ledger, "ldg")
    tell_records("balance.identity", Identity, "idt")
    tell("balance.floor_minor", _tell_floors)


def _name_balance(indicator: str, owner: str | None, public_id: UUID, currency: str) -> str:
    name = name_balance(indicator=indicator, owner=owner, public_id=public_id)
    return f"{name} {currency}"


def _tell_floors(held: Sequence[Held]) -> list[str]:
    """Where a balance was opened its currency stands beside, where it was changed it is found."""
    codes = _currencies_of([each for each in held if "currency" not in each.beside])
    told = [each.beside.get("currency") or codes.get(each.subject, "") for each in held]
    found = Currency.objects.filter(code__in=set(told)).values_list("code", "exponent")
    exponents = dict(found)
    return [
        _tell_floor(each, code, exponents.get(code)) for each, code in zip(held, told, strict=True)
    ]


def _tell_floor(held: Held, code: str, exponent: int | None) -> str:
    if held.value is None:
        return _("no limit")
    if exponent is None:
        return _("%(minor)s minor units") % {"minor": held.value}
    write = format_plain if held.is_plain else format_amount
    return f"{write(int(held.value), exponent)} {code}"


def _currencies_of(held: Sequence[Held]) -> dict[str, str]:
    """The codes, by the keys of the balances."""
    keys = (parse_key(each.subject, "bln") for each in held)
    public_ids = {key for key in keys if key is not None}
    if not public_ids:
        return {}
    found = Balance.objects.filter(public_id__in=public_ids)
    return {f"bln_{key}": code for key, code in found.values_list("public_id", "currency_id")}
