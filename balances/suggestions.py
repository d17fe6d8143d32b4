"""Finding balances by what a person types: an owner, an @indicator, an id, a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import name_of, shown_minor
from identities.models import Identity
from ledgers.money import format_amount
from web.names import spellings_of
from web.suggestions import SUGGESTIONS_MAX, Suggestion

HEX_DIGITS = frozenset("0123456789abcdef")


def find_balances(text: str, *, currency: str = "", limit: int = SUGGESTIONS_MAX) -> list[Balance]:
    """Open balances that `text` may mean, the likeliest first, with what names them.

    Of those that are as likely, the ones in `currency` come first.
    """
    found: dict[int, Balance] = {}
    for candidates in _first_in(currency, _ways_to_find(text)):
        for balance in candidates.select_related("identity", "ledger", "currency")[:limit]:
            found.setdefault(balance.pk, balance)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def suggest_balances(text: str, *, currency: str = "") -> list[Suggestion]:
    """Options for the type-ahead; an indicator that nobody has can be opened by using it."""
    suggestions = [as_suggestion(balance) for balance in find_balances(text, currency=currency)]
    names = {suggestion.label.upper() for suggestion in suggestions}
    if len(text) > 1 and text.startswith("@") and text.upper() not in names:
        hint = _("new in the General Ledger, opened on first use")
        suggestions.append(Suggestion(text, text, hint))
    return suggestions[:SUGGESTIONS_MAX]


def as_suggestion(balance: Balance) -> Suggestion:
    """A balance as an option: its name, then currency, figure and ledger to tell twins apart."""
    figure = format_amount(
        shown_minor(balance.balance_minor, balance.normal_side), balance.currency.exponent
    )
    hint = f"{figure} {balance.currency_id} · {balance.ledger.name}"
    return Suggestion(balance.key, name_of(balance), hint)


def _first_in(currency: str, ways: Iterable[QuerySet[Balance]]) -> Iterator[QuerySet[Balance]]:
    """Each way among the balances in this currency, if there is one, and then among all."""
    for candidates in ways:
        if currency:
            yield candidates.filter(currency=currency)
        yield candidates


def _ways_to_find(text: str) -> Iterator[QuerySet[Balance]]:
    """Queries from the most to the least exact; each stops at its first few rows."""
    open_balances = Balance.objects.filter(closed_at=None)
    if text.lower().startswith("bln_"):
        if bounds := _id_bounds(text):
            yield open_balances.filter(public_id__range=bounds).order_by("public_id")
        return
    if text.startswith("@"):
        indicators = open_balances.exclude(indicator="").order_by("indicator", "currency")
        yield indicators.filter(indicator__iexact=text)
        yield indicators.filter(indicator__icontains=text)
        return
    if not text:
        yield open_balances.filter(last_entry_at__isnull=False).order_by("-created_at", "-pk")
        yield open_balances.order_by("-created_at", "-pk")
        return
    owners = [pk for (pk,) in _names_beginning(text)]
    yield open_balances.filter(identity__in=owners).order_by("identity__name", "pk")
    yield open_balances.exclude(indicator="").filter(indicator__icontains=text).order_by("pk")
    yield open_balances.filter(identity__name__icontains=text)
    yield open_balances.filter(ledger__name__icontains=text)


def _id_bounds(text: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begin like this, with or without hyphens."""
    digits = text[4:].lower().replace("-", "")
    if not digits or len(digits) > 32 or not HEX_DIGITS.issuperset(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def _names_beginning(text: str) -> QuerySet[Identity, tuple[int]]:
    """A few owners by the index on names."""
    first, *others = (
        Identity.objects.filter(name__startswith=spelling)
        .order_by("name")
        .values_list("pk")[:SUGGESTIONS_MAX]
        for spelling in spellings_of(text)
    )
    return first.union(*others) if others else first
