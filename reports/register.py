"""The register of a balance: its entries, newest first, each with the figure after it.

It runs in the order of recording, where each entry's own running figure holds, or in effective
order, where the figures are those of `reports.places`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TypedDict

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import link_tag, name_balance, shown_minor
from ledgers.money import format_amount
from reports.places import NEWEST_FIRST, Place, totals_at_places, with_running
from transactions.models import Entry
from web.addresses import url_of
from web.formatting import Dates, active_dates, format_date
from web.pagination import Key
from web.statements import fetch_all

RECORDED, EFFECTIVE = "recorded", "effective"
ORDERS = {RECORDED: (Key("position", descending=True),), EFFECTIVE: NEWEST_FIRST}

# Who stands on the other side of each transaction, in the same currency: for each direction one
# balance by name, or how many.
COUNTERPARTIES = """
SELECT o.transaction_id, o.direction, o.balance_count, b.public_id::text, b.indicator, i.name
FROM (
    SELECT e.transaction_id, e.direction, count(DISTINCT e.balance_id) AS balance_count,
           min(e.balance_id) AS balance_id
    FROM transactions_entry AS e
    JOIN balances_balance AS other ON other.id = e.balance_id
    WHERE e.transaction_id = ANY (%s) AND e.balance_id <> %s AND other.currency = %s
    GROUP BY e.transaction_id, e.direction
) AS o
JOIN balances_balance AS b ON b.id = o.balance_id
LEFT JOIN identities_identity AS i ON i.id = b.identity_id
"""


@dataclass(frozen=True, slots=True)
class Party:
    """Who stands on the other side: one balance with an address, or how many."""

    name: str
    url: str = ""

    def tag(self, suffix: str) -> SafeString:
        """The name as a link, with `suffix` behind its address."""
        return link_tag(self.url + suffix, self.name) if self.url else format_html("{}", self.name)


# By transaction and direction.
Counterparties = dict[tuple[int, int], Party]
NOBODY = Party("")


class RegisterRow(TypedDict):
    """One entry as the register prints it."""

    effective: SafeString | str
    recorded: str
    reference: str
    url: str
    counterparty: SafeString
    description: str
    debit: str
    credit: str
    running: str
    is_negative: bool
    is_long: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of one register share; looked up once."""

    exponent: int
    normal_side: str
    parties: Counterparties
    back_dated: set[int]
    transactions_url: str
    suffix: str
    dates: Dates


def read_register(
    balance: Balance,
    entries: list[dict[str, Any]],
    *,
    order: str,
    known_at: datetime | None = None,
) -> list[dict[str, Any]]:
    """A page of `places.entries_of` with the figures that run in its order."""
    if order == RECORDED:
        return [_in_integers(entry) for entry in entries]
    if not entries:
        return []
    places = [Place.after(entries[0])]
    (totals,) = totals_at_places(balance, places, known_at=known_at)
    return with_running(entries, first_minor=totals.net_minor, is_newest_first=True)


def _in_integers(entry: dict[str, Any]) -> dict[str, Any]:
    """With its amounts as the ORM would give them; a statement answers with decimals."""
    amounts = {name: int(entry[name]) for name in ("amount_minor", "running_minor")}
    return {**entry, **amounts}


def format_register(
    balance: Balance, entries: Sequence[dict[str, Any]], *, suffix: str = ""
) -> list[RegisterRow]:
    """Rows of `places.entries_of`, formatted, with the counterparty of each; one query.

    `suffix` is that of the moment that is shown, and stays with the addresses of balances.
    """
    shared = Surroundings(
        balance.currency.exponent,
        balance.normal_side,
        find_counterparties(balance, [entry["transaction_id"] for entry in entries]),
        find_back_dated(entries),
        url_of("transactions:list"),
        suffix,
        active_dates(),
    )
    return [_format_row(entry, shared) for entry in entries]


def format_before(balance: Balance, entry: dict[str, Any]) -> str:
    """The figure that an entry found."""
    net_minor = entry["running_minor"] - entry["direction"] * entry["amount_minor"]
    return format_amount(shown_minor(net_minor, balance.normal_side), balance.currency.exponent)


def _format_row(entry: dict[str, Any], shared: Surroundings) -> RegisterRow:
    exponent = shared.exponent
    amount = format_amount(entry["amount_minor"], exponent)
    is_credit = entry["direction"] == Entry.Direction.CREDIT
    running = shown_minor(entry["running_minor"], shared.normal_side)
    return {
        "effective": shared.dates.date_tag(entry["effective_at"]),
        "recorded": _note_recording(entry, shared),
        "reference": entry["transaction__reference"],
        "url": f"{shared.transactions_url}txn_{entry['transaction__public_id']}/",
        "counterparty": counterparty_of(entry, shared.parties).tag(shared.suffix),
        "description": entry["text"],
        "debit": "" if is_credit else amount,
        "credit": amount if is_credit else "",
        "running": format_amount(running, exponent),
        "is_negative": running < 0,
        "is_long": abs(running) >= 10**13,
    }


def find_back_dated(entries: Iterable[dict[str, Any]]) -> set[int]:
    """The ids of entries that took a place before others, on the same page, recorded earlier."""
    found, first_recorded = set(), None
    for entry in sorted(entries, key=lambda each: (each["effective_at"], each["id"]), reverse=True):
        position = entry["position"]
        if first_recorded is None or position < first_recorded:
            first_recorded = position
        else:
            found.add(entry["id"])
    return found


def _note_recording(entry: dict[str, Any], shared: Surroundings) -> str:
    """When a back-dated entry was recorded; "" for one of its own day."""
    if entry["id"] not in shared.back_dated:
        return ""
    recorded_at = entry["transaction__created_at"].astimezone(shared.dates.zone)
    effective_at = entry["effective_at"].astimezone(shared.dates.zone)
    if recorded_at.date() <= effective_at.date():
        return ""
    return _("recorded %(day)s") % {"day": format_date(recorded_at)}


def counterparty_of(entry: dict[str, Any], parties: Counterparties) -> Party:
    """Whom a credit was debited, and the other way round; else whoever else took part."""
    transaction_id, direction = entry["transaction_id"], entry["direction"]
    opposite = parties.get((transaction_id, -direction))
    return opposite or parties.get((transaction_id, direction), NOBODY)


def find_counterparties(balance: Balance, transaction_ids: list[int]) -> Counterparties:
    """Who stands on the other sides of these transactions; one query."""
    name_party = lru_cache(partial(_name_party, url_of("balances:list")))
    rows = fetch_all(COUNTERPARTIES, [transaction_ids, balance.pk, balance.currency_id])
    return {
        (transaction_id, direction): name_party(count, *names)
        for transaction_id, direction, count, *names in rows
    }


def _name_party(
    balances_url: str, count: int, public_id: str, indicator: str, owner: str | None
) -> Party:
    if count > 1:
        return Party(_("%(count)s balances") % {"count": count})
    name = name_balance(indicator=indicator, owner=owner, public_id=public_id)
    return Party(name, f"{balances_url}bln_{public_id}/")
