"""The rows of a transactions table as ready strings: one query, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypedDict

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.naming import link_tag, name_balance
from ledgers.money import LONG, format_amount
from transactions.models import Hold, Transaction
from transactions.states import AS_WRITTEN, OF_HOLD, PARTLY_REFUNDED, REFUNDED, REVERSED, State
from web.addresses import url_of
from web.formatting import ROWS_KEPT, Reader, active_reader, format_count
from web.statements import array_of, fetch_all

# So many refunds of one transaction are added up.
REFUNDS_MAX = 100

# The amount is what was debited, or held; a side with several balances is told by their number.
# Two plain statements: joining the names here would take longer to plan than to run.
TRANSACTIONS = """
SELECT t.id, t.public_id::text, t.reference, left(t.description, 120), t.kind, t.status,
       t.effective_at, s.currency_count, s.amount_minor, s.source_count, s.source_id,
       s.destination_count, s.destination_id, h.total_minor, h.committed_minor, h.released_minor,
       h.ended_as, l.is_reversed,
       l.is_reversed OR EXISTS (SELECT FROM transactions_transaction AS f WHERE f.parent_id = t.id),
       r.count, r.amount_minor
FROM transactions_transaction AS t
CROSS JOIN LATERAL (
    SELECT count(DISTINCT b.currency) AS currency_count,
           sum(e.amount_minor) FILTER (WHERE e.direction = -1) AS amount_minor,
           count(DISTINCT e.balance_id) FILTER (WHERE e.direction = -1) AS source_count,
           min(e.balance_id) FILTER (WHERE e.direction = -1) AS source_id,
           count(DISTINCT e.balance_id) FILTER (WHERE e.direction = 1) AS destination_count,
           min(e.balance_id) FILTER (WHERE e.direction = 1) AS destination_id
    FROM (
        SELECT balance_id, direction, amount_minor FROM transactions_entry
        WHERE transaction_id = t.id
        UNION ALL
        SELECT balance_id, direction, amount_minor FROM transactions_reservation
        WHERE transaction_id = t.id AND t.kind IN ('HOLD', 'VOID', 'EXPIRY')
    ) AS e
    JOIN balances_balance AS b ON b.id = e.balance_id
) AS s
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM transactions_transaction AS v WHERE v.reverses_id = t.id)
           AS is_reversed
) AS l
CROSS JOIN LATERAL (
    SELECT count(*), sum((
        SELECT sum(e.amount_minor) FROM transactions_entry AS e
        WHERE e.transaction_id = f.id AND e.direction = -1
    )) AS amount_minor
    FROM (
        SELECT f.id FROM transactions_transaction AS f
        WHERE f.parent_id = t.id AND f.kind = 'REFUND' AND t.kind IN ('POST', 'COMMIT')
          AND NOT EXISTS (SELECT FROM transactions_transaction AS v WHERE v.reverses_id = f.id)
        LIMIT %(refunds)s
    ) AS f
) AS r
LEFT JOIN transactions_hold AS h ON h.transaction_id = t.id
WHERE t.id = ANY (%(ids)s)
"""
BALANCES = """
SELECT b.id, b.public_id::text, b.indicator, i.name, l.name, c.code, c.exponent
FROM balances_balance AS b
JOIN ledgers_ledger AS l ON l.id = b.ledger_id
JOIN ledgers_currency AS c ON c.code = b.currency
LEFT JOIN identities_identity AS i ON i.id = b.identity_id
WHERE b.id = ANY (%s)
"""
# Where a transaction has several currencies: what it debits in each.
AMOUNTS = """
SELECT e.transaction_id, c.code, c.exponent, sum(e.amount_minor)
FROM transactions_entry AS e
JOIN balances_balance AS b ON b.id = e.balance_id
JOIN ledgers_currency AS c ON c.code = b.currency
WHERE e.transaction_id = ANY (%s) AND e.direction = -1
GROUP BY e.transaction_id, c.code, c.exponent ORDER BY e.transaction_id, c.code
"""
# Of more currencies than these only the number is said on a page.
SAID_MAX = 2


HOLD_FIGURES = ("total_minor", "committed_minor", "released_minor", "ended_as")


class Party(NamedTuple):
    """A balance as one side of a transaction."""

    name: str
    url: str
    ledger: str
    currency: str
    exponent: int


class Amount(NamedTuple):
    """So much of a currency, in minor units."""

    currency: str
    exponent: int
    minor: int


class Fetched(NamedTuple):
    """A row of TRANSACTIONS."""

    id: int
    public_id: str
    reference: str
    description: str
    kind: str
    status: str
    effective_at: datetime
    currency_count: int
    amount_minor: int
    source_count: int
    source_id: int
    destination_count: int
    destination_id: int
    total_minor: int | None
    committed_minor: int
    released_minor: int
    ended_as: str
    is_reversed: bool
    has_followers: bool
    refund_count: int
    refunded_minor: int | None

    def states(self) -> tuple[State, ...]:
        """What has become of it; and, when it was posted and undone, that, too."""
        if self.total_minor is not None:
            figures = {name: getattr(self, name) for name in HOLD_FIGURES}
            return (OF_HOLD[Hold(**figures).state],)
        written = AS_WRITTEN[self.status]
        if self.is_reversed:
            return (written, REVERSED)
        if self.refund_count:
            is_whole = self.refunded_minor == self.amount_minor
            return (written, REFUNDED if is_whole else PARTLY_REFUNDED)
        return (written,)

    def part_minor(self) -> int:
        """What was committed or refunded of the amount; 0 for none, or all of it."""
        part = self.refunded_minor if self.total_minor is None else self.committed_minor
        is_summed = self.refund_count <= REFUNDS_MAX and self.currency_count == 1
        return int(part) if part and is_summed and part < self.amount_minor else 0


class TransactionRow(TypedDict):
    """One record as the table prints it; `source`, `destination` and `status` are links.

    `css` marks the row. `kind` names a record that is no posting, `part` is how much of the
    amount was committed or refunded. `note` and `life` are for those who know more.
    """

    pk: int
    key: str
    url: str
    css: str
    is_new: bool
    effective: SafeString | str
    reference: str
    description: str
    note: str
    kind: str
    amount: str
    is_long: bool
    currency: str
    part: str
    source: SafeString | str
    destination: SafeString | str
    status: SafeString
    has_life: bool
    life: SafeString | str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of one table share; looked up once."""

    transactions_url: str
    legend_url: str
    reader: Reader


def read_rows(
    transaction_ids: Sequence[int], *, new: str = "", legend_url: str = ""
) -> list[TransactionRow]:
    """The transactions with these primary keys, in this order, formatted.

    The one with the key `new` is marked. `legend_url` is the page that explains the states.
    """
    fetched = fetch_rows(transaction_ids)
    sides = {pk for row in fetched.values() for pk in (row.source_id, row.destination_id)}
    parties = read_parties(sides)
    amounts = read_amounts(row.id for row in fetched.values() if 1 < row.currency_count <= SAID_MAX)
    shared = Surroundings(url_of("transactions:list"), legend_url, active_reader())
    rows: list[TransactionRow] = []
    for row in (fetched[pk] for pk in transaction_ids):
        is_new = f"txn_{row.public_id}" == new
        source, destination = parties[row.source_id], parties[row.destination_id]
        # A copy: what is kept must stay as it is.
        several = amounts.get(row.id, ())
        rows.append(_format_row(row, source, destination, several, shared, is_new).copy())
    return rows


def fetch_rows(transaction_ids: Sequence[int]) -> dict[int, Fetched]:
    """The transactions with these primary keys, by them, as they lie in the database."""
    asked = {"ids": array_of(transaction_ids), "refunds": REFUNDS_MAX + 1}
    return {row[0]: Fetched(*row) for row in fetch_all(TRANSACTIONS, asked)}


def read_parties(balance_ids: Iterable[int]) -> dict[int, Party]:
    """The balances with these primary keys, by them, as sides of a transaction."""
    balances_url = url_of("balances:list")
    rows = fetch_all(BALANCES, [array_of(balance_ids)])
    return {row[0]: _party(balances_url, *row[1:]) for row in rows}


def read_amounts(transaction_ids: Iterable[int]) -> dict[int, tuple[Amount, ...]]:
    """What these transactions debit in each of their currencies, by their primary keys."""
    asked = list(transaction_ids)
    amounts: dict[int, tuple[Amount, ...]] = {}
    for pk, code, exponent, minor in fetch_all(AMOUNTS, [asked]) if asked else ():
        amounts[pk] = (*amounts.get(pk, ()), Amount(code, exponent, int(minor)))
    return amounts


def _party(
    balances_url: str, public_id: str, indicator: str, owner: str | None, *rest: Any
) -> Party:
    name = name_balance(indicator=indicator, owner=owner, public_id=public_id)
    return Party(name, f"{balances_url}bln_{public_id}/", *rest)


@lru_cache(maxsize=ROWS_KEPT)
def _format_row(  # noqa: PLR0913, PLR0917 -- a cached function takes its arguments by place
    row: Fetched,
    source: Party,
    destination: Party,
    several: tuple[Amount, ...],
    shared: Surroundings,
    is_new: bool,
) -> TransactionRow:
    key = f"txn_{row.public_id}"
    url = f"{shared.transactions_url}{key}/"
    is_twin = are_twins(row, source, destination)
    if row.currency_count == 1:
        amount, currency = format_amount(int(row.amount_minor), source.exponent), source.currency
    else:
        amount, currency = say_several(several, row.currency_count), ""
    part = describe_part(row, format_amount(row.part_minor(), source.exponent))
    return {
        "pk": row.id,
        "key": key,
        "url": url,
        "css": "new" if is_new else "",
        "is_new": is_new,
        "effective": shared.reader.dates.date_tag(row.effective_at),
        "reference": row.reference,
        "description": row.description,
        "note": "",
        "kind": "" if row.kind == Transaction.Kind.POST else str(Transaction.Kind(row.kind).label),
        "amount": amount,
        "is_long": len(amount) > LONG,
        "currency": currency,
        "part": part,
        "source": _link(source, row.source_count, url, with_ledger=is_twin),
        "destination": _link(destination, row.destination_count, url, with_ledger=is_twin),
        "status": _tag_states(row.states(), shared.legend_url),
        "has_life": row.has_followers,
        "life": "",
    }


def say_several(amounts: Sequence[Amount], count: int) -> str:
    """Amounts of so many currencies, or how many these are where they are not known or too many."""
    if not amounts or count > SAID_MAX:
        return _("%(count)s currencies") % {"count": count}
    return ", ".join(
        f"{format_amount(each.minor, each.exponent)} {each.currency}" for each in amounts
    )


def are_twins(row: Fetched, source: Party, destination: Party) -> bool:
    """Whether the balances have one name, and are told apart by their ledgers."""
    is_pair = row.source_count == row.destination_count == 1
    return is_pair and source.name == destination.name


def describe_part(row: Fetched, amount: str) -> str:
    """What became of a part of the amount, such as "40.00 committed"; "" of none, or of all."""
    if not row.part_minor():
        return ""
    said = _("%(part)s refunded") if row.total_minor is None else _("%(part)s committed")
    return said % {"part": amount}


def _tag_states(states: tuple[State, ...], legend_url: str) -> SafeString:
    return SafeString(" ".join(state.tag(legend_url) for state in states))


def _link(party: Party, count: int, transaction_url: str, *, with_ledger: bool) -> SafeString:
    """A link to the balance; to the transaction where several balances share the side."""
    if count > 1:
        return link_tag(transaction_url, say_side(party, count))
    return link_tag(party.url, party.name, note=party.ledger if with_ledger else "")


def say_side(party: Party, count: int) -> str:
    """The balance on one side; or how many share it."""
    if count == 1:
        return party.name
    several = ngettext("%(count)s balance", "%(count)s balances", count)
    return several % {"count": format_count(count)}
