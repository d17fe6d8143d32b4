"""Fields in which a record is named: picked from suggestions, or typed as its id or name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.models import Balance
from balances.suggestions import as_suggestion
from identities.models import Identity
from ledgers.models import Currency, Ledger
from web.converters import parse_key
from web.formatting import format_date
from web.names import same_as
from web.suggestions import Suggestion
from web.text import NameField, validate_name

MATCHES_MAX = 6

# What texts were found to name, by the lookup's own function and the text.
Found = dict[tuple[Callable[[str], Any], str], "Sequence[Match]"]


@dataclass(frozen=True, slots=True)
class Match:
    """A record that a text names, and how it is offered where the text names several."""

    record: Any
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class Lookup:
    """How records of one kind are found by a text that names them exactly, case aside."""

    find: Callable[[str], Sequence[Match]]
    missing: str | Promise

    def label(self, text: str) -> str:
        """What stands beside an input that holds `text` from the start."""
        try:
            validate_name(text)
        except ValidationError:
            return ""
        matches = self.find(text)
        if len(matches) != 1:
            return ""
        suggestion = matches[0].suggestion
        return " · ".join(part for part in (suggestion.label, suggestion.hint) if part)

    def remembering(self, found: Found) -> Lookup:
        """The same lookup, which looks a text up once and keeps in `found` what it names."""

        def find(text: str) -> Sequence[Match]:
            if (self.find, text) not in found:
                found[self.find, text] = self.find(text)
            return found[self.find, text]

        return replace(self, find=find)


class LookupField(NameField):
    """Cleans to the one record that was named; None for an empty optional field.

    Where a name belongs to several records, `matches` holds them, to choose from.
    """

    def __init__(self, lookup: Lookup, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lookup = lookup
        self.matches: Sequence[Match] = ()

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        matches = self.lookup.find(text)
        if not matches:
            raise ValidationError(str(self.lookup.missing))
        if len(matches) > 1:
            self.matches = matches
            raise ValidationError(_("Several have this name. Choose one below."))
        return matches[0].record


def _find_ledgers(text: str) -> list[Match]:
    ledgers = Ledger.objects.all()
    if public_id := parse_key(text, "ldg"):
        ledgers = ledgers.filter(public_id=public_id)
    else:
        ledgers = ledgers.filter(**same_as(text))
    return [
        Match(each, Suggestion(each.key, each.name, format_date(each.created_at)))
        for each in ledgers.order_by("pk")[:MATCHES_MAX]
    ]


def _find_identities(text: str) -> list[Match]:
    identities = Identity.objects.all()
    if public_id := parse_key(text, "idt"):
        identities = identities.filter(public_id=public_id)
    else:
        identities = identities.filter(**same_as(text))
    return [
        Match(each, Suggestion(each.key, each.name, each.email or each.get_kind_display()))
        for each in identities.order_by("pk")[:MATCHES_MAX]
    ]


def _find_currencies(text: str) -> list[Match]:
    currencies = Currency.objects.filter(code=text.upper()) or Currency.objects.filter(
        name__iexact=text
    )
    return [Match(each, suggest_currency(each)) for each in currencies[:MATCHES_MAX]]


def _find_balances(text: str) -> list[Match]:
    balances = Balance.objects.select_related("identity", "ledger", "currency")
    if public_id := parse_key(text, "bln"):
        balances = balances.filter(public_id=public_id)
    else:
        balances = balances.filter(**same_as(text, of="identity__"), closed_at=None)
    return [
        Match(each, as_suggestion(each))
        for each in balances.order_by("currency", "pk")[:MATCHES_MAX]
    ]


def find_keys(texts: Iterable[str]) -> Found:
    """The balances of those texts that are keys (`bln_…`), found by one query."""
    ids = {text: public_id for text in texts if (public_id := parse_key(text, "bln"))}
    balances = Balance.objects.select_related("identity", "ledger", "currency")
    by_id = {each.public_id: each for each in balances.filter(public_id__in=ids.values())}
    return {
        (_find_balances, text): [Match(by_id[public_id], as_suggestion(by_id[public_id]))]
        for text, public_id in ids.items()
        if public_id in by_id
    }


def suggest_currency(currency: Currency) -> Suggestion:
    """A currency as an option."""
    return Suggestion(currency.code, currency.code, currency.name)


LEDGERS = Lookup(_find_ledgers, gettext_lazy("No ledger has this name or id."))
IDENTITIES = Lookup(_find_identities, gettext_lazy("Nobody has this name or id."))
CURRENCIES = Lookup(_find_currencies, gettext_lazy("This currency is not in the registry."))
BALANCES = Lookup(_find_balances, gettext_lazy("No open balance has this owner or id."))
