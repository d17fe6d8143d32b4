"""The trial balance: what each ledger, or each balance of one, had come to, by currency.

Each line is read from the day totals of what it shows, and the foot from those of what holds the
lines: of each currency, or of the ledger; now and from the first entry on, a ledger's foot is added
up from the running totals of its balances. So a page costs the same however many lines there are,
and a file, which has them all, compares their sums with the foot. A caller reads on one snapshot
(`web.snapshots`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Exists, OuterRef

from balances.filters import select_along
from balances.models import Balance
from balances.rows import ROWS
from ledgers.models import Ledger
from reports.ledger_moments import (
    LedgerFigure,
    ledgers_before,
    sums_of_ledger_before,
    sums_of_ledgers_before,
)
from reports.models import LedgerCurrency
from reports.moments import CurrencySum, Totals, totals_before
from transactions.models import Entry
from web.as_of import Moment
from web.pagination import Key
from web.standing import GIVEN, Standing
from web.statements import fetch_all

NOTHING = Totals()
LEDGER_ORDER: Sequence[Key] = (Key("plain_name"), Key("id"))
BALANCE_ORDER: Sequence[Key] = (Key("ledger_id"), Key("created_at"), Key("id"))

# A ledger's balances by their running totals, each in the column of its net.
SUMS_NOW = """
SELECT s.currency, c.exponent, s.credit_minor, s.debit_minor, s.entry_count,
       s.net_credit_minor, s.net_debit_minor
FROM (
    SELECT currency, sum(credit_minor) AS credit_minor,
           sum(debit_minor) AS debit_minor, sum(entry_count)::bigint AS entry_count,
           sum(greatest(credit_minor - debit_minor, 0)) AS net_credit_minor,
           sum(greatest(debit_minor - credit_minor, 0)) AS net_debit_minor
    FROM balances_balance WHERE ledger_id = %s AND entry_count > 0 GROUP BY currency
) AS s
JOIN ledgers_currency AS c ON c.code = s.currency
ORDER BY s.currency
"""
# Nothing takes effect in the future: asked for so, today is a whole day like the others.
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a trial balance covers: all ledgers or one, from the first entry or from a start."""

    moment: Moment
    ledger: Ledger | None = None
    currency: str = ""
    start: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Whether the running totals of balances say it all."""
        return self.moment.is_now and self.start is None

    @property
    def before(self) -> datetime:
        """The first moment that no longer counts."""
        return self.moment.before if self.moment.is_past else FOREVER


@dataclass(frozen=True, slots=True)
class Figures:
    """What a row says, in minor units: before the start, and at the end."""

    opening: Totals
    closing: Totals

    @property
    def debit_minor(self) -> int:
        """What was debited between the two."""
        return self.closing.debit_minor - self.opening.debit_minor

    @property
    def credit_minor(self) -> int:
        return self.closing.credit_minor - self.opening.credit_minor


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A ledger in one currency."""

    ledger: Mapping[str, Any]
    currency: str
    exponent: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A balance, as `balances.rows` reads it."""

    balance: Mapping[str, Any]
    figures: Figures


@dataclass(frozen=True, slots=True)
class TotalLine:
    """The foot of a currency: the sums of the columns."""

    currency: str
    exponent: int
    opening_debit_minor: int
    opening_credit_minor: int
    debit_minor: int
    credit_minor: int
    closing_debit_minor: int
    closing_credit_minor: int

    @property
    def is_tied(self) -> bool:
        """Whether debits equal credits in each pair of columns, as they must over all ledgers."""
        return (
            self.opening_debit_minor == self.opening_credit_minor
            and self.debit_minor == self.credit_minor
            and self.closing_debit_minor == self.closing_credit_minor
        )

    @property
    def net_minor(self) -> int:
        """Credits less debits at the end."""
        return self.closing_credit_minor - self.closing_debit_minor


def ledgers_of(scope: Scope) -> Standing:
    """The ledgers that have entries by then, to be paged in LEDGER_ORDER."""
    return _ledgers_of(scope.before, scope.currency)


def balances_of(scope: Scope) -> Standing:
    """The balances of the ledger that have entries by then, to be paged in BALANCE_ORDER."""
    assert scope.ledger is not None  # a caller asks for the lines of a ledger
    before = None if scope.moment.is_now else scope.before
    return _balances_of(before, scope.currency).giving(scope.ledger.pk)


# What days were asked for lately is written already.
@lru_cache(maxsize=64)
def _ledgers_of(before: datetime, currency: str) -> Standing:
    # Of a few rows; of those whose entries are not rolled up, or of the last day alone, they tell.
    kept = LedgerCurrency.objects.filter(
        ledger=OuterRef("pk"), first_day__lt=before.astimezone(UTC).date()
    )
    entries = Entry.objects.filter(ledger=OuterRef("pk"), effective_at__lt=before)
    ledgers = Ledger.objects.filter(Exists(kept) | Exists(entries))
    if currency:
        of_currency = Balance.objects.filter(
            ledger=OuterRef("pk"), currency=currency, entry_count__gt=0
        )
        ledgers = ledgers.filter(Exists(of_currency))
    return Standing(ledgers.values("id", "public_id", "name", "plain_name"))


@lru_cache(maxsize=64)
def _balances_of(before: datetime | None, currency: str) -> Standing:
    """Of the ledger that is given; without `before`, those that have entries now."""
    balances = ROWS.filter(currency=currency) if currency else ROWS
    if before is None:
        balances = balances.filter(entry_count__gt=0)
    else:
        entries = Entry.objects.filter(balance=OuterRef("pk"), effective_at__lt=before)
        balances = balances.filter(Exists(entries))
    along, _order = select_along("ledger_id", GIVEN, balances, BALANCE_ORDER[1:])
    return Standing(along)


def ledger_lines(scope: Scope, ledgers: Iterable[Mapping[str, Any]]) -> list[LedgerLine]:
    """A line for each currency of each of the ledgers, in their order."""
    ledgers = list(ledgers)
    ids = [ledger["id"] for ledger in ledgers]
    closing = ledgers_before(ids, scope.before, known_at=scope.moment.known_at)
    opening = _ledgers_before_start(scope, ids)
    found: dict[int, list[LedgerFigure]] = {}
    for each in closing:
        if scope.currency in ("", each.currency):
            found.setdefault(each.ledger_id, []).append(each)
    return [
        LedgerLine(
            ledger,
            each.currency,
            each.exponent,
            Figures(opening.get((each.ledger_id, each.currency), NOTHING), each.totals),
        )
        for ledger in ledgers
        for each in found.get(ledger["id"], ())
    ]


def balance_lines(scope: Scope, balances: Iterable[Mapping[str, Any]]) -> list[BalanceLine]:
    """A line for each of the balances, in their order."""
    balances = list(balances)
    ids = [balance["id"] for balance in balances]
    if scope.is_running:
        return [BalanceLine(each, Figures(NOTHING, _running(each))) for each in balances]
    known_at = scope.moment.known_at
    closing = totals_before(ids, scope.before, known_at=known_at)
    opening: dict[int, Totals] = {}
    if scope.start is not None:
        opening = totals_before(ids, scope.start, known_at=known_at)
    return [
        BalanceLine(each, Figures(opening.get(each["id"], NOTHING), closing[each["id"]]))
        for each in balances
        if closing[each["id"]].entry_count
    ]


def total_lines(scope: Scope) -> list[TotalLine]:
    """The foot of each currency, whatever currency the rows are of."""
    opening = {}
    if scope.start is not None:
        opening = {each.currency: each for each in _sums_before(scope, scope.start)}
    if scope.ledger and scope.is_running:
        closing = _sums_now(scope.ledger)
    else:
        closing = _sums_before(scope, scope.before)
    return [_total_line(opening.get(each.currency), each) for each in closing]


def _total_line(opening: CurrencySum | None, closing: CurrencySum) -> TotalLine:
    return TotalLine(
        currency=closing.currency,
        exponent=closing.exponent,
        opening_debit_minor=opening.net_debit_minor if opening else 0,
        opening_credit_minor=opening.net_credit_minor if opening else 0,
        debit_minor=closing.debit_minor - (opening.debit_minor if opening else 0),
        credit_minor=closing.credit_minor - (opening.credit_minor if opening else 0),
        closing_debit_minor=closing.net_debit_minor,
        closing_credit_minor=closing.net_credit_minor,
    )


def _ledgers_before_start(scope: Scope, ids: list[int]) -> dict[tuple[int, str], Totals]:
    if scope.start is None:
        return {}
    figures = ledgers_before(ids, scope.start, known_at=scope.moment.known_at)
    return {(each.ledger_id, each.currency): each.totals for each in figures}


def _running(balance: Mapping[str, Any]) -> Totals:
    """Without the number of entries, which no column shows."""
    return Totals(int(balance["credit_minor"]), int(balance["debit_minor"]))


def _sums_now(ledger: Ledger) -> list[CurrencySum]:
    rows = fetch_all(SUMS_NOW, [ledger.pk])
    return [CurrencySum(currency, exponent, *map(int, rest)) for currency, exponent, *rest in rows]


def _sums_before(scope: Scope, moment: datetime) -> list[CurrencySum]:
    known_at = scope.moment.known_at
    if scope.ledger is None:
        return sums_of_ledgers_before(moment, known_at=known_at)
    return sums_of_ledger_before(scope.ledger.pk, moment, known_at=known_at)
