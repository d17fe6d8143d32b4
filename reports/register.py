"""The register of a balance: its entries, newest first, each with the figure after it.

It runs in the order of recording, where each entry's own running figure holds, or in effective
order, where the figures are those of `reports.places`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypedDict

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import link_tag, name_balance, shown_minor
from ledgers.money import format_amount
from reports.places import NEWEST_FIRST, Place, in_integers, totals_at_places, with_running
from transactions.models import Entry
from web.addresses import url_of
from web.formatting import ROWS_KEPT, Dates, Reader, active_reader, format_date
from web.pagination import Key
from web.rows import join_rows, render_row
from web.statements import array_of, fetch_all

RECORDED, EFFECTIVE = "recorded", "effective"
ORDERS = {RECORDED: (Key("position", descending=True),), EFFECTIVE: NEWEST_FIRST}

# Who stands on the other side of each transaction, in the same currency: for each direction one
# balance by name, or how many.
COUNTERPARTIES = """
SELECT o.transaction_id, o.direction, o.balance_count, o.public_id, o.indicator, i.name
FROM (
    SELECT e.transaction_id, e.direction, count(DISTINCT e.balance_id) AS balance_count,
           min(b.public_id::text) AS public_id, min(b.indicator) AS indicator,
           min(b.identity_id) AS identity_id
    FROM transactions_entry AS e
    JOIN balances_balance AS b ON b.id = e.balance_id
    WHERE e.transaction_id = ANY (%s) AND e.balance_id <> %s AND b.currency = %s
    GROUP BY e.transaction_id, e.direction
) AS o
LEFT JOIN identities_identity AS i ON i.id = o.identity_id
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


class Line(NamedTuple):
    """All that the row of an entry follows from; `suffix` is that of the moment that is shown."""

    effective_at: datetime
    recorded: str
    reference: str
    url: str
    party_name: str
    party_url: str
    description: str
    direction: int
    amount_minor: int
    running_minor: int
    exponent: int
    normal_side: str
    suffix: str
    reader: Reader


def read_register(
    balance: Balance,
    entries: list[dict[str, Any]],
    *,
    order: str,
    known_at: datetime | None = None,
) -> list[dict[str, Any]]:
    """A page of `places.entries_of` with the figures that run in its order."""
    if order == RECORDED:
        return in_integers(entries)
    if not entries:
        return []
    places = [Place.after(entries[0])]
    (totals,) = totals_at_places(balance, places, known_at=known_at)
    return with_running(entries, first_minor=totals.net_minor, is_newest_first=True)


def format_register(balance: Balance, entries: Sequence[dict[str, Any]]) -> list[RegisterRow]:
    """Rows of `places.entries_of`, formatted, with the counterparty of each; one query."""
    return [_format_line(line) for line in _read_lines(balance, entries, suffix="")]


def render_register(
    balance: Balance, entries: Sequence[dict[str, Any]], *, suffix: str
) -> SafeString:
    """The same as HTML.

    `suffix` is that of the moment that is shown, and stays with the addresses of balances.
    """
    return join_rows(map(_render_line, _read_lines(balance, entries, suffix=suffix)))


@lru_cache(maxsize=ROWS_KEPT)
def _render_line(line: Line) -> SafeString:
    return render_row("balances/_register_rows.html", _format_line(line))


def _read_lines(
    balance: Balance, entries: Sequence[dict[str, Any]], *, suffix: str
) -> Iterator[Line]:
    parties = find_counterparties(balance, [entry["transaction_id"] for entry in entries])
    back_dated = find_back_dated(entries)
    exponent, normal_side = balance.currency.exponent, balance.normal_side
    transactions_url, reader = url_of("transactions:list"), active_reader()
    for entry in entries:
        party = counterparty_of(entry, parties)
        yield Line(
            entry["effective_at"],
            _note_recording(entry, reader.dates) if entry["id"] in back_dated else "",
            entry["transaction__reference"],
            f"{transactions_url}txn_{entry['transaction__public_id']}/",
            party.name,
            party.url,
            entry["text"],
            entry["direction"],
            entry["amount_minor"],
            entry["running_minor"],
            exponent,
            normal_side,
            suffix,
            reader,
        )


def format_before(balance: Balance, entry: dict[str, Any]) -> str:
    """The figure that an entry found."""
    net_minor = entry["running_minor"] - entry["direction"] * entry["amount_minor"]
    return format_amount(shown_minor(net_minor, balance.normal_side), balance.currency.exponent)


def _format_line(line: Line) -> RegisterRow:
    amount = format_amount(line.amount_minor, line.exponent)
    is_credit = line.direction == Entry.Direction.CREDIT
    running = shown_minor(line.running_minor, line.normal_side)
    return {
        "effective": line.reader.dates.date_tag(line.effective_at),
        "recorded": line.recorded,
        "reference": line.reference,
        "url": line.url,
        "counterparty": Party(line.party_name, line.party_url).tag(line.suffix),
        "description": line.description,
        "debit": "" if is_credit else amount,
        "credit": amount if is_credit else "",
        "running": format_amount(running, line.exponent),
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


def _note_recording(entry: dict[str, Any], dates: Dates) -> str:
    """When a back-dated entry was recorded; "" for one of its own day."""
    recorded_at = entry["transaction__created_at"].astimezone(dates.zone)
    effective_at = entry["effective_at"].astimezone(dates.zone)
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
    rows = fetch_all(COUNTERPARTIES, [array_of(transaction_ids), balance.pk, balance.currency_id])
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
