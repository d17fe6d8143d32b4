"""Lists of transactions under any conditions, in pages, counted and summed: see docs/adr/0013.

Neither what is rare nor what is common may make a page slow, and no one way of reading serves
both. As many as are counted are found by one statement, which counts them, adds them up, and
sorts them into the page. If there are more, the list is walked in its order, a stretch at a time,
and what passes is shown; if the stretches hold too little, all is found and sorted after all.
"""

# Statements are put together of constants; every value is bound.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL

from balances.models import Balance
from ledgers.models import Ledger
from search import at_once
from search.at_once import (
    ADDED_UP,
    Compiled,
    CurrencySum,
    Found,
    Page,
    add_up,
    columns_of,
    find_at_once,
)
from search.conditions import OF_TAB, Asked, in_scope
from search.models import FoundTransaction
from search.orders import after_values, comes_after, first_by, is_looked_up, keys_of, look_up
from search.parts import (
    columns_asked,
    is_of_one_line,
    lasts,
    once,
    pin,
    reads_metadata,
    tells_lines_apart,
    without,
)
from search.remembered import (
    are_many,
    moment,
    remember_few,
    remember_many,
    remember_sparse,
    were_few,
    were_sparse,
)
from transactions.filters import Tab
from web.counting import EXACT_MAX
from web.pagination import Key
from web.planned import explain, fetch_planned
from web.tables.conditions import bounds, required

# So many transactions that a live table names are looked up one by one.
FEW = 5_000
# So much, in the server's units, may finding all cost where a live table names many: a few ms.
CHEAP = 2_000.0
# The stretches: at least so many rows, and so many for each row that is wanted. Reading one ends
# as soon as the page is full; but for a long one the server may plan to read more of live tables.
STRETCHES = ((2_000, 8), (20_000, 80))
_REFERENCE = F("transaction__reference")
# What of a document orders look at.
DOCUMENT = ("transaction_id", "kind", "currency", "text", "actor_id")
Rows = list[dict[str, Any]]


@dataclass
class Listing:
    """The transactions that pass `q`, each once: a source of `web.pagination.paginate`.

    `q` is a condition on `FoundTransaction`; see `list_transactions`. Rows are dictionaries of
    `transaction_id` and the keys of the order. Reading a page counts, too, where that is cheap:
    the count and the sums of the same listing then cost nothing. Of a listing that is not
    filtered it is not tried.
    """

    q: Q
    sort: str = "effective"
    is_filtered: bool = True
    _found: Found | None = field(default=None, init=False)

    @property
    def label(self) -> str:
        return f"found:{self.sort}"

    def order(self, *, descending: bool) -> tuple[Key, ...]:
        """The keys to page by. Those of "created" are the numbers drawn while recording."""
        return tuple(Key(field, descending) for field in keys_of(self.sort))

    def read(self, keys: Sequence[Key], after: Sequence[Any] | None, limit: int) -> Rows:
        """The first `limit` rows in the order of `keys`, or of those after these values."""
        if is_looked_up(self.sort):
            self._find_once()
            return self._sort_looked_up(keys, after, limit)
        if self._may_be_few and (self.is_filtered or self._pinned is not None):
            rows = self._find(keys, after, limit)
            if rows is not None:
                return rows
        position = after_values(keys, after) if after is not None else Q()
        rows = self._walk(keys, position, limit)
        return self._sort_all(keys, position, limit) if rows is None else rows

    @property
    def can_be_sorted(self) -> bool:
        """Whether it can be read in this order; what is looked up is for as many as are counted."""
        return not is_looked_up(self.sort) or self.count() <= EXACT_MAX

    def in_order(self, sort: str) -> Listing:
        """The same in another order; what has been found of it is not looked for again."""
        other = Listing(self.q, sort, self.is_filtered)
        other._found = self._found
        return other

    @property
    def cost(self) -> float:
        """What finding all of it costs, in the server's units."""
        return explain(*_compile(once(self._narrowed).values("transaction_id"))).cost

    def since(self, moment: datetime) -> Listing:
        """The part of it that is effective then or later."""
        return Listing(self.q & Q(effective_at__gte=moment), self.sort, self.is_filtered)

    @property
    def _may_be_few(self) -> bool:
        """Whether all that passes may be found at once."""
        return not self._found.is_cut if self._found else not self._is_busy

    @cached_property
    def _is_busy(self) -> bool:
        """Whether live tables name many transactions, and finding all is dear as well."""
        if self._pinned is not None or not self._drivers:
            return False
        plan = explain(*_compile(once(self.q).values("transaction_id")))
        return plan.cost > CHEAP and plan.rows > FEW

    def _find(
        self, keys: Sequence[Key] = (), after: Sequence[Any] | None = None, limit: int = 0
    ) -> Rows | None:
        """Find, count and add up all at once, and sort out the page; None if it is too much."""
        page = Page(self.sort if keys else "created", keys, after, limit)
        lines = _compile(FoundTransaction.objects.filter(self._narrowed).values(*columns_of(page)))
        if self._found is None and self._is_known_as_many(lines):
            self._found = Found(EXACT_MAX + 1, [], is_cut=True)
            return None
        found, rows = find_at_once(lines, page, is_first=_is_first(self.q))
        remember_few(lines, maximum=at_once.LINES_MAX, is_so=not found.is_cut)
        if found.count > EXACT_MAX and lasts(self.q) and not reads_metadata(self.q):
            remember_many(lines, maximum=EXACT_MAX)
        self._found = found
        return None if found.is_cut else self._rows(rows)

    def _is_known_as_many(self, lines: Compiled) -> bool:
        """Whether more pass than are counted. They are counted where the server expects so many."""
        stays = lasts(self.q)
        if stays and are_many(lines, maximum=EXACT_MAX):
            return True
        # Finding them reads no more than are counted, however many there may be by now.
        if were_few(lines, maximum=at_once.LINES_MAX):
            return False
        if explain(*lines).rows < at_once.LINES_MAX:
            return False
        then = moment() if reads_metadata(self.q) else None
        # Counting alone reads less of each.
        is_many = self._count(once(self._narrowed), EXACT_MAX + 1) > EXACT_MAX
        if is_many and stays:
            remember_many(lines, maximum=EXACT_MAX, then=then)
        return is_many

    def _sort_looked_up(self, keys: Sequence[Key], after: Sequence[Any] | None, limit: int) -> Rows:
        field = keys[0].field
        value, bound = look_up(self.sort)
        sql, parameters = _compile(once(self._narrowed).values(*DOCUMENT))
        position = "" if after is None else f"WHERE {comes_after(keys)}"
        rows = fetch_planned(
            f"SELECT * FROM (SELECT transaction_id, {value} AS {field}"
            f" FROM ({sql} OFFSET 0) AS search_found) AS listed {position} {first_by(keys, limit)}",
            [*bound, *parameters, *(after or ())],
        )
        return self._rows(rows)

    def _sort_all(self, keys: Sequence[Key], position: Q, limit: int) -> Rows:
        sql, parameters = _compile(self._select(once(self._narrowed).filter(position)))
        ordered = first_by(keys, limit)
        return self._rows(
            fetch_planned(f"SELECT * FROM ({sql} OFFSET 0) AS found {ordered}", parameters)
        )

    def _walk(self, keys: Sequence[Key], position: Q, limit: int) -> Rows | None:
        """The page from the first stretch of the order that holds it; None if none does."""
        names = (f"-{key.field}" if key.descending else key.field for key in keys)
        order = self._all.filter(bounds(self.q, keys[0].field), position).order_by(*names)
        # No more of each than is looked at: an index may hold that.
        read = dict.fromkeys(("transaction_id", "line", *columns_asked(self.q), *self._names))
        ordered, values = _compile(order.values(*read))
        # As the stretch has it: the server knows that it comes in the order of the page.
        reference = RawSQL('"search_found"."reference"', (), output_field=TextField())
        lines = _compile(self._select(once(self.q), reference=reference))
        passing, parameters = lines
        for least, times in STRETCHES[1:] if were_sparse(lines) else STRETCHES:
            length = max(least, times * limit)
            stretch = f"WITH search_found AS ({ordered} LIMIT {length:d})"
            sql = f"{stretch} {passing} {first_by(keys, limit)}"
            rows = fetch_planned(sql, [*values, *parameters])
            if len(rows) >= limit or not fetch_planned(
                f"{ordered} OFFSET {length:d} LIMIT 1", values
            ):
                return self._rows(rows)
            remember_sparse(lines)
        return None

    def count(self, *, maximum: int | None = EXACT_MAX + 1) -> int:
        """How many there are; no more than `maximum` are counted, unless it is None."""
        found = self._find_once()
        if found and not found.is_cut:
            return found.count if maximum is None else min(found.count, maximum)
        if maximum is None:
            return self._count(once(self._narrowed), None)
        if found and found.count >= maximum:
            return maximum
        if maximum not in self._counts:
            self._counts[maximum] = self._count_driven(maximum)
        return self._counts[maximum]

    def _find_once(self) -> Found | None:
        """What is found at once; None where it was not tried."""
        if self._found is None and self._may_be_few:
            self._find()
        return self._found

    def _count_driven(self, maximum: int) -> int:
        """The count from the first that a live table names, where that is enough and quicker."""
        for driver in self._drivers if self._is_busy else ():
            rows = once(without(self.q, driver)).filter(pin(driver, 2 * maximum))
            count = self._count(rows, maximum)
            if count >= maximum:
                return count
        return self._count(once(self._narrowed), maximum)

    def _count(self, rows: QuerySet[FoundTransaction], maximum: int | None) -> int:
        sql, parameters = _compile(rows.values("transaction_id"))
        limit = "OFFSET 0" if maximum is None else f"LIMIT {maximum:d}"
        counted = fetch_planned(f"SELECT count(*) FROM ({sql} {limit}) AS found", parameters)
        return int(counted[0][0])

    def sums(self, *, maximum: int | None = EXACT_MAX) -> list[CurrencySum] | None:
        """What their amounts add up to, by currency; None for more than `maximum`.

        Of a transaction with several currencies, those count that pass.
        """
        if maximum is not None and self.count(maximum=maximum + 1) > maximum:
            return None
        found = self._find_once()
        if found and not found.is_cut:
            return found.sums
        lines = FoundTransaction.objects.filter(self._narrowed)
        return add_up(_compile(lines.values(*ADDED_UP)))

    @cached_property
    def _counts(self) -> dict[int, int]:
        return {}

    @cached_property
    def _drivers(self) -> list[Asked]:
        return [part for part in required(self.q) if isinstance(part, Asked) and part.driver]

    @cached_property
    def _pinned(self) -> Q | None:
        """The condition, where a live table names the few transactions that may pass at all."""
        for driver in self._drivers:
            named = f"SELECT FROM ({driver.driver}) AS driver LIMIT {FEW + 1:d}"
            counted = fetch_planned(f"SELECT count(*) FROM ({named}) AS d", driver.parameters)
            if counted[0][0] <= FEW:
                return without(self.q, driver) & pin(driver, FEW + 1)
        return None

    @property
    def _narrowed(self) -> Q:
        return self.q if self._pinned is None else self._pinned

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(("transaction_id", *keys_of(self.sort))))

    def _select(
        self, rows: QuerySet[FoundTransaction], *, reference: Any = _REFERENCE
    ) -> QuerySet[Any, Any]:
        selected: QuerySet[Any, Any] = (
            rows.values("transaction_id", reference=reference)
            if self.sort == "reference"
            else rows.values(*self._names)
        )
        return selected

    @property
    def _all(self) -> QuerySet[FoundTransaction]:
        everything = FoundTransaction.objects.all()
        return everything.annotate(reference=_REFERENCE) if self.sort == "reference" else everything

    def _rows(self, rows: Sequence[Sequence[Any]]) -> Rows:
        return [dict(zip(self._names, row, strict=True)) for row in rows]


def list_transactions(
    q: Q | None = None,
    *,
    tab: Tab = Tab.ALL,
    scope: Ledger | Balance | None = None,
    is_every: bool = False,
    sort: str = "effective",
) -> Listing:
    """The transactions that pass the conditions, on a tab of the books and within a scope.

    Each business event is listed once, or with `is_every` each record. `sort` is one of
    `SORTS`, or names a key of extra information.
    """
    parts = [q or Q(), Q() if is_every and tab == Tab.ALL else OF_TAB[tab], in_scope(scope)]
    whole = Q()
    for part in parts:
        whole &= part
    return Listing(whole, sort, is_filtered=bool(q) or scope is not None)


def _is_first(q: Q) -> str:
    if is_of_one_line(q):
        return at_once.IS_ONE
    return at_once.IS_FIRST_FOUND if tells_lines_apart(q) else at_once.IS_FIRST


def _compile(rows: QuerySet[Any, Any]) -> Compiled:
    sql, parameters = rows.query.sql_with_params()
    return sql, parameters
