"""The balances of a transaction as a person names them: an owner, an id, or an `@indicator`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from balances.forms import IndicatorField
from balances.lookups import BALANCES, LookupField
from balances.models import Balance
from balances.naming import name_of, spelling_of
from ledgers.models import Currency
from web.forms import ComboboxInput

# A balance, or the name of an indicator that may not have one yet.
Side = Balance | str


class SideField(LookupField):
    """Cleans to a balance, or to the name of an `@indicator`; None where it may be empty."""

    def __init__(self, *, attrs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        widget = ComboboxInput("balances:suggest", label_for=BALANCES.label, attrs=attrs)
        super().__init__(BALANCES, widget=widget, **kwargs)

    def clean(self, value: Any) -> Side | None:
        if str(value or "").strip().startswith("@"):
            return str(IndicatorField().clean(value))
        balance: Balance | None = super().clean(value)
        if balance and balance.is_closed:
            raise _closed(name_of(balance))
        return balance


def settle_side(side: Side, currency: Currency) -> Side:
    """The balance that an indicator has in this currency, if it has one.

    Raises:
        ValidationError: that balance is closed.
    """
    if isinstance(side, Balance):
        return side
    found = _find_indicator(side, currency)
    if found and found.is_closed:
        raise _closed(side)
    return found or spelling_of(side)


def currencies_of(indicators: Sequence[str]) -> list[Currency]:
    """The currencies that these indicators have, in any capitals; two are enough to know."""
    named = [Q(indicator__iexact=each) for each in indicators]
    held = Balance.objects.exclude(indicator="").filter(reduce(or_, named)).values("currency")
    return list(Currency.objects.filter(pk__in=held)[:2])


def key_of(side: Side) -> str:
    """How a draft names a side."""
    return side.key if isinstance(side, Balance) else side


def call_side(side: Side) -> str:
    """How a message names a side."""
    return name_of(side) if isinstance(side, Balance) else side


def _find_indicator(name: str, currency: Currency) -> Balance | None:
    """The balance that has this indicator, or else one written with other capitals."""
    balances = Balance.objects.filter(currency=currency).select_related(
        "identity", "ledger", "currency"
    )
    return (
        balances.filter(indicator=name).first()
        or balances.exclude(indicator="").filter(indicator__iexact=name).order_by("pk").first()
    )


def _closed(name: str) -> ValidationError:
    return ValidationError(_("The balance of %(name)s is closed.") % {"name": name})
