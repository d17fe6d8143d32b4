"""What audit events say of schedules, in words: what was asked of the posting engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.naming import name_records
from audit.telling import Held, say, say_metadata, say_moment, tell, tell_choices, tell_records
from ledgers.money import format_amount, format_plain
from schedules.models import Schedule
from schedules.parties import Party, PartyKey, find_parties, key_of
from transactions.models import Transaction
from transactions.requests import CREDIT, DEBIT, UNLIMITED
from web.formatting import format_count

# So many balances of a side are named on a page.
NAMED_MAX = 3


def register() -> None:
    name_records("sch", Schedule, "reference", page="schedules:detail")
    tell_choices("schedule.state", Schedule.State)
    transaction_id = "schedule.transaction_id"
    tell_records(transaction_id, Transaction, "txn", name="reference", is_number=True)
    tell("schedule.request", _tell_requests)


def _tell_requests(held: Sequence[Held]) -> list[Mapping[str, str]]:
    parties = find_parties(leg for each in held for leg in each.value["legs"])
    return [_tell_request(each, parties) for each in held]


def _tell_request(held: Held, parties: Mapping[PartyKey, Party]) -> dict[str, str]:
    """The fields of a request as `schedules.requests` encodes it."""
    request, legs = held.value, held.value["legs"]
    said = {_("Kind"): str(Transaction.Kind(request["kind"]).label)}
    for label, direction in ((_("Debit"), DEBIT), (_("Credit"), CREDIT)):
        side = [leg for leg in legs if leg["direction"] == direction.name]
        said[label] = _tell_side([(parties[key_of(leg)], leg) for leg in side], held)
    if "overdraft_minor" in request:
        overdraft = int(request["overdraft_minor"])
        amount = _amount(overdraft, parties[key_of(legs[0])], held)
        said[_("Overdraft")] = _("without a limit") if overdraft == UNLIMITED else amount
    if "exchange_rate" in request:
        said[_("Rate")] = request["exchange_rate"]
    if "expires_at" in request:
        said[_("Expires")] = say_moment(request["expires_at"], held)
    return said | say_metadata(request["metadata"], held)


def _tell_side(side: Sequence[tuple[Party, Mapping[str, Any]]], held: Held) -> str:
    """Each balance and its amount; of many on a page, how many and what in each currency."""
    if held.is_plain or len(side) <= NAMED_MAX:
        return "; ".join(
            f"{say(party.name, held)} {_amount(int(leg['amount_minor']), party, held)}"
            for party, leg in side
        )
    totals: dict[str, int] = {}
    units = {party.currency: party for party, _leg in side}
    for party, leg in side:
        totals[party.currency] = totals.get(party.currency, 0) + int(leg["amount_minor"])
    count = ngettext("%(count)s balance", "%(count)s balances", len(side))
    sums = (_amount(total, units[currency], held) for currency, total in sorted(totals.items()))
    return "; ".join([count % {"count": format_count(len(side))}, *sums])


def _amount(minor: int, party: Party, held: Held) -> str:
    write = format_plain if held.is_plain else format_amount
    return f"{write(minor, party.exponent)} {party.currency}"
