"""How many rows a transactions table has, by counters where there are any; see docs/adr/0005."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from balances.models import Balance
from ledgers.models import Ledger
from transactions import walks
from transactions.filters import Tab, TransactionFilter
from web.arms import Arms
from web.counting import EXACT_MAX, count_exact, is_exact, say_about
from web.formatting import format_count
from web.statements import fetch_row

# Followers are found by two indexes that hold nothing else, so that these know their number.
OF_BOOKS = """
SELECT e.records, e.followers, e.holds,
       CASE WHEN e.records <= %(counted)s THEN (SELECT count(*) FROM ({records}) AS t) END,
       CASE WHEN e.records <= %(counted)s THEN (SELECT count(*) FROM ({events}) AS t) END,
       CASE WHEN e.records <= %(counted)s THEN (SELECT count(*) FROM ({posted}) AS t) END,
       (SELECT count(*) FROM ({inflight}) AS h)
FROM (
    SELECT sum(c.reltuples) FILTER (WHERE c.oid = 'transactions_transaction'::regclass)::bigint
               AS records,
           sum(greatest(c.reltuples, 0)) FILTER (WHERE c.oid IN (
               'transaction_parent'::regclass, 'transaction_reversed_once'::regclass))::bigint
               AS followers,
           sum(greatest(c.reltuples, 0))
               FILTER (WHERE c.oid = 'transactions_hold'::regclass)::bigint AS holds
    FROM pg_class AS c
    WHERE c.oid IN ('transactions_transaction'::regclass, 'transactions_hold'::regclass,
                    'transaction_parent'::regclass, 'transaction_reversed_once'::regclass)
) AS e
"""
OF_LEDGER = """
SELECT coalesce(sum(ledger_transaction_count), 0), coalesce(sum(ledger_follower_count), 0)
FROM balances_balance WHERE ledger_id = %s
"""
LEDGER_HAS_INFLIGHT = """
SELECT EXISTS (
    SELECT FROM balances_balance
    WHERE ledger_id = %s AND (inflight_credit_minor > 0 OR inflight_debit_minor > 0)
)
"""
HOLDS_OF_SCOPE = """
SELECT count(*), count(*) FILTER (WHERE h.committed_minor = 0),
       count(*) FILTER (WHERE {is_inflight})
FROM (
    SELECT DISTINCT r.effective_at, r.transaction_id FROM transactions_reservation AS r
    WHERE r.{column} = %(scope)s AND r.kind = 'HOLD' LIMIT %(limit)s
) AS r
JOIN transactions_hold AS h ON h.transaction_id = r.transaction_id
"""


@dataclass(frozen=True, slots=True)
class Count:
    """A number, in words; `is_exact` when it is not rounded. "" where it is not known."""

    text: str
    is_exact: bool = True

    @property
    def number(self) -> int:
        """What an exact one says."""
        return int("".join(sign for sign in self.text if sign.isdigit()))

    @classmethod
    def of(cls, number: int, *, maximum: int | None = None) -> Count:
        """The number itself; or that there are more than `maximum`."""
        if maximum is not None and number > maximum:
            return cls(f"{format_count(maximum)}+", is_exact=False)
        return cls(format_count(number))

    @classmethod
    def about(cls, estimate: int) -> Count:
        """As many as the database estimates."""
        return cls(say_about(estimate), is_exact=False)

    @classmethod
    def said(cls, text: str) -> Count:
        """As `web.counting` says it."""
        return cls(text, is_exact=is_exact(text))


UNKNOWN = Count("", is_exact=False)


@dataclass(frozen=True, slots=True)
class Counts:
    """The rows of each list; every transaction is counted by `records`."""

    events: Count
    records: Count
    posted: Count
    inflight: Count

    def on_tabs(self, *, is_every: bool) -> dict[Tab, Count]:
        """By the tabs of the books."""
        return {
            Tab.ALL: self.records if is_every else self.events,
            Tab.POSTED: self.posted,
            Tab.INFLIGHT: self.inflight,
        }


def count_tabs(chosen: TransactionFilter) -> dict[Tab, Count]:
    """The rows on each tab of the books, under the other filters."""
    tabs = (Tab.ALL, Tab.POSTED, Tab.INFLIGHT)
    if chosen.is_impossible:
        return dict.fromkeys(tabs, Count.of(0))
    if chosen.text:
        return {tab: Count.said(count_exact(chosen.on_tab(tab).matching())) for tab in tabs}
    is_every = chosen.asks_every and chosen.tab == Tab.ALL
    if chosen.scope:
        return count_scope(chosen.scope).on_tabs(is_every=is_every)
    return count_books().on_tabs(is_every=is_every)


def count_all(chosen: TransactionFilter) -> Count:
    """The rows on a tab of the books, however long it takes to count them."""
    return Count.of(chosen.matching().count() if chosen.text else chosen.arms().count())


def count_books() -> Counts:
    """Of all books. What is many is estimated, as the database does."""
    limited = {
        arms.label: arms.arms[0].sql.format(after="", ordered=f"LIMIT {EXACT_MAX + 1}")
        for arms in map(_of_books, (walks.records, walks.events, walks.posted, walks.inflight))
    }
    row = fetch_row(OF_BOOKS.format(**limited), {"counted": 2 * EXACT_MAX})
    estimate, followers, holds, records, events, posted, inflight = row
    if records is None:
        return Counts(
            events=Count.about(estimate - followers),
            records=Count.about(estimate),
            posted=_posted_about(estimate - followers, holds),
            inflight=Count.of(inflight, maximum=EXACT_MAX),
        )
    numbers = (events, records, posted, inflight)
    return Counts(*(Count.of(number, maximum=EXACT_MAX) for number in numbers))


def _of_books(walk: Callable[[None], Arms]) -> Arms:
    return walk(None)


def _posted_about(events: int, holds: int) -> Count:
    if not holds:
        return Count.about(events)
    return Count.of(EXACT_MAX + 1, maximum=EXACT_MAX) if events - holds > EXACT_MAX else UNKNOWN


def count_scope(scope: Ledger | Balance) -> Counts:
    """Of a ledger or a balance, from its counters; its holds are looked through, if not many."""
    records, followers = _counters(scope)
    events = records - followers
    is_inflight = f"{walks.IS_OPEN} AND {walks.IS_HELD_HERE}"
    column = walks.column_of(scope)
    sql = HOLDS_OF_SCOPE.format(column=column, is_inflight=is_inflight.format(column=column))
    asked = {"scope": scope.pk, "limit": walks.HOLDS_MAX + 1}
    holds, unposted, inflight = fetch_row(sql, asked)
    is_many = holds > walks.HOLDS_MAX
    if is_many and _has_inflight(scope):
        inflight = walks.inflight(scope).count(maximum=EXACT_MAX + 1)
    return Counts(
        events=Count.of(events),
        records=Count.of(records),
        # All but the holds of which nothing was committed.
        posted=UNKNOWN if is_many else Count.of(events - unposted),
        inflight=Count.of(inflight, maximum=EXACT_MAX),
    )


def _counters(scope: Ledger | Balance) -> tuple[int, int]:
    """The transactions there, and how many of them follow others."""
    if isinstance(scope, Balance):
        return scope.transaction_count, scope.follower_count
    records, followers = fetch_row(OF_LEDGER, [scope.pk])
    return int(records), int(followers)


def _has_inflight(scope: Ledger | Balance) -> bool:
    if isinstance(scope, Balance):
        return scope.has_inflight
    (has_inflight,) = fetch_row(LEDGER_HAS_INFLIGHT, [scope.pk])
    return bool(has_inflight)
