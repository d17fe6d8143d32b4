"""What a schedule will post as debits and credits, with totals for each currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ledgers.money import LONG, format_amount
from schedules.models import Schedule
from schedules.parties import Party, find_parties, key_of
from transactions.models import Transaction
from transactions.requests import CREDIT, DEBIT, UNLIMITED
from web.formatting import time_tag


class LegRow(TypedDict):
    name: str
    url: str
    ledger: str
    ledger_url: str
    debit: str
    credit: str
    is_long: bool


@dataclass(frozen=True, slots=True)
class Term:
    label: str
    text: SafeString | str


@dataclass(frozen=True, slots=True)
class LegGroup:
    """The entries in one currency, and their sum on either side: they are the same."""

    currency: str
    total: str
    rows: list[LegRow]


def describe_terms(schedule: Schedule) -> list[Term]:
    """Under which terms it is posted, where they are not the usual ones."""
    terms = []
    request = schedule.request
    if request["kind"] == Transaction.Kind.HOLD:
        expires_at = parse_datetime(request.get("expires_at") or "")
        until = time_tag(expires_at) if expires_at else _("until it is committed or voided")
        terms.append(Term(_("Held until") if expires_at else _("Held"), until))
    if "overdraft_minor" in request:
        overdraft = int(request["overdraft_minor"])
        party = find_parties(schedule.legs[:1])[key_of(schedule.legs[0])]
        limit = {"limit": format_amount(overdraft, party.exponent), "currency": party.currency}
        terms.append(
            Term(
                _("Overdraft"),
                _("Allowed, without a limit")
                if overdraft == UNLIMITED
                else _("Allowed, up to %(limit)s %(currency)s below") % limit,
            )
        )
    if "exchange_rate" in request:
        terms.append(Term(_("Rate"), request["exchange_rate"]))
    return terms


def group_legs(schedule: Schedule) -> list[LegGroup]:
    """The entries by currency, debits first."""
    parties = find_parties(schedule.legs)
    exponents = {party.currency: party.exponent for party in parties.values()}
    # Debits before credits, each in the order of the request.
    legs = sorted(schedule.legs, key=lambda leg: str(leg["direction"]) == CREDIT.name)
    return [
        LegGroup(
            currency,
            format_amount(_sum_debits(members), exponents[currency]),
            [_format_row(leg, parties[key_of(leg)]) for leg in members],
        )
        for currency in sorted(exponents)
        if (members := [leg for leg in legs if parties[key_of(leg)].currency == currency])
    ]


def _sum_debits(legs: list[dict[str, Any]]) -> int:
    return sum(int(leg["amount_minor"]) for leg in legs if leg["direction"] == DEBIT.name)


def _format_row(leg: dict[str, Any], party: Party) -> LegRow:
    amount = format_amount(int(leg["amount_minor"]), party.exponent)
    is_debit = leg["direction"] == DEBIT.name
    return {
        "name": party.name,
        "url": party.url,
        "ledger": party.ledger,
        "ledger_url": party.ledger_url,
        "debit": amount if is_debit else "",
        "credit": "" if is_debit else amount,
        "is_long": len(amount) > LONG,
    }
