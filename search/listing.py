"""Lists of transactions under any conditions, in pages, counted and summed: see docs/adr/0013.

Neither what is rare nor what is common may make a page slow, and no one way of reading serves
both. As many as are counted are found by one statement, which counts them, adds them up, and
sorts them into the page. If there are more, the list is walked in its order, a stretch at a time,
and what passes is shown; if the stretches hold too little, all is found and sorted after all.
"""

# Statements are put together of constants; every value is bound.
# ruff: noqa: S608, S611

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import cached_property
from typing import Any, cast

from django.db.models import BooleanField, Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL

from balances.models import Balance
from ledgers.models import Ledger
from search.conditions import OF_TAB, ROW, Asked, in_scope
from search.models import FoundLine, FoundTransaction
from search.planned import explain, fetch_planned
from transactions.filters import Tab
from web.counting import EXACT_MAX
from web.pagination import Key

# So many transactions that a live table names are looked up one by one.
FEW = 5_000
# So much, in the server's units, may finding all cost where a live table names many: a few ms.
CHEAP = 2_000.0
# So many lines are found at most to be counted at once: some transactions have several.
LINES_MAX = EXACT_MAX + 500
# The stretches: at least so many rows, and so many for each row that is wanted. Reading one ends
# as soon as the page is full.
STRETCHES = ((2_000, 8), (20_000, 80))
SORTS = {
    "effective": ("effective_at", "transaction_id"),
    "created": ("transaction_id",),
    "amount": ("amount", "transaction_id"),
    "reference": ("reference",),
}
OF_LINES = ("amount", "currency")
_REFERENCE = F("transaction__reference")
# Sums have more digits than Python keeps unasked.
EXACT = Context(prec=200)
# All that passes, unless it is too much: how many lines, how many transactions, what they add up
# to, and the page of them. Whatever is not wanted then is not worked out either.
AT_ONCE = """
WITH found AS MATERIALIZED ({lines} LIMIT {maximum}),
once AS MATERIALIZED (SELECT * FROM found WHERE {is_first}),
size AS MATERIALIZED (
    SELECT (SELECT count(*) FROM found) AS lines, (SELECT count(*) FROM once) AS count
)
SELECT size.lines, size.count,
       CASE WHEN size.lines < {maximum} THEN (
           SELECT json_agg(json_build_array(c.code, c.exponent, s.amount::text, s.count)
                           ORDER BY c.code)
           FROM (
               SELECT currency, sum(amount) AS amount, count(*) AS count FROM found
               GROUP BY currency
           ) AS s
           JOIN ledgers_currency AS c ON c.code = s.currency
       ) END,
       page.*
FROM size LEFT JOIN (
    SELECT * FROM (
        SELECT {names} FROM once WHERE (SELECT lines FROM size) < {maximum}
    ) AS once {position} {ordered}
) AS page ON true
{sorted}
"""
IS_FIRST = "line = 1"
# Of those that pass, where some lines may and others not.
IS_FIRST_FOUND = """(
    line = 1 OR (transaction_id, line) IN (
        SELECT transaction_id, min(line) FROM found GROUP BY transaction_id
    )
)"""
REFERENCE = """(
    SELECT t.reference FROM transactions_transaction AS t WHERE t.id = once.transaction_id
) AS reference"""
Compiled = tuple[str, Sequence[Any]]
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """What the amounts of `count` transactions add up to in one currency."""

    currency: str
    exponent: int
    amount_minor: int
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was found at once: so many transactions, and no more unless `is_cut`."""

    count: int
    sums: list[CurrencySum]
    is_cut: bool


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
        return tuple(Key(field, descending) for field in SORTS[self.sort])

    def read(self, keys: Sequence[Key], after: Sequence[Any] | None, limit: int) -> Rows:
        """The first `limit` rows in the order of `keys`, or of those after these values."""
        if self._may_be_few and (self.is_filtered or self._pinned is not None):
            rows = self._find(keys, after, limit)
            if rows is not None:
                return rows
        position = _after(keys, after) if after is not None else Q()
        for least, times in STRETCHES:
            rows = self._walk(keys, position, limit, length=max(least, times * limit))
            if rows is not None:
                return rows
        return self._sort_all(keys, position, limit)

    @property
    def _may_be_few(self) -> bool:
        """Whether all that passes may be found at once."""
        return not self._found.is_cut if self._found else not self._is_busy

    @cached_property
    def _is_busy(self) -> bool:
        """Whether live tables name many transactions, and finding all is dear as well."""
        if self._pinned is not None or not self._drivers:
            return False
        plan = explain(*_compile(_once(self.q).values("transaction_id")))
        return plan.cost > CHEAP and plan.rows > FEW

    def _find(
        self, keys: Sequence[Key] = (), after: Sequence[Any] | None = None, limit: int = 0
    ) -> Rows | None:
        """Find, count and add up all at once, and sort out the page; None if it is too much."""
        is_by_reference = self.sort == "reference"
        names = dict.fromkeys(("transaction_id", *(() if is_by_reference else SORTS[self.sort])))
        columns = dict.fromkeys(("line", "currency", "amount", *names))
        lines, parameters = _compile(
            FoundTransaction.objects.filter(self._narrowed).values(*columns)
        )
        if self._found is None and explain(lines, parameters).rows >= LINES_MAX:
            # Counting alone reads less of each.
            count = self._count(_once(self._narrowed), EXACT_MAX + 1)
            if count > EXACT_MAX:
                self._found = Found(count, [], is_cut=True)
                return None
        sql = AT_ONCE.format(
            lines=lines,
            maximum=f"{LINES_MAX:d}",
            names=", ".join((*names, *((REFERENCE,) if is_by_reference else ()))),
            is_first=IS_FIRST_FOUND if _tells_lines_apart(self.q) else IS_FIRST,
            position=f"WHERE {_behind(keys)}" if after is not None else "",
            ordered=_ordered(keys, limit),
            sorted=_sorted(keys),
        )
        rows = fetch_planned(sql, [*parameters, *(after or ())])
        count_of_lines, count, sums = rows[0][:3]
        is_cut = count_of_lines >= LINES_MAX
        self._found = Found(count, [_sum(*each) for each in sums or ()], is_cut)
        page = [row[3:] for row in rows if row[3] is not None]
        return None if is_cut else self._rows(page)

    def _sort_all(self, keys: Sequence[Key], position: Q, limit: int) -> Rows:
        sql, parameters = _compile(self._select(_once(self._narrowed).filter(position)))
        ordered = _ordered(keys, limit)
        return self._rows(
            fetch_planned(f"SELECT * FROM ({sql} OFFSET 0) AS found {ordered}", parameters)
        )

    def _walk(self, keys: Sequence[Key], position: Q, limit: int, *, length: int) -> Rows | None:
        """The page from so many rows of the order; None if they do not hold it."""
        names = (f"-{key.field}" if key.descending else key.field for key in keys)
        order = self._all.filter(_bounds(self.q, keys[0].field), position).order_by(*names)
        stretch, values = _compile(order[:length])
        # As the stretch has it: the server knows that it comes in the order of the page.
        reference = RawSQL('"search_found"."reference"', (), output_field=TextField())
        passing, parameters = _compile(self._select(_once(self.q), reference=reference))
        sql = f"WITH search_found AS ({stretch}) {passing} {_ordered(keys, limit)}"
        rows = fetch_planned(sql, [*values, *parameters])
        is_page = len(rows) >= limit or not order[length : length + 1].exists()
        return self._rows(rows) if is_page else None

    def count(self, *, maximum: int | None = EXACT_MAX + 1) -> int:
        """How many there are; no more than `maximum` are counted, unless it is None."""
        found = self._find_once()
        if found and not found.is_cut:
            return found.count if maximum is None else min(found.count, maximum)
        if maximum is None:
            return self._count(_once(self._narrowed), None)
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
            rows = _once(_without(self.q, driver)).filter(_pin(driver, 2 * maximum))
            count = self._count(rows, maximum)
            if count >= maximum:
                return count
        return self._count(_once(self._narrowed), maximum)

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
        sql, parameters = _compile(lines.values("currency", "amount"))
        rows = fetch_planned(
            "SELECT c.code, c.exponent, s.amount, s.count FROM ("
            "SELECT currency, sum(amount) AS amount, count(*) AS count"
            f" FROM ({sql} OFFSET 0) AS found GROUP BY currency"
            ") AS s JOIN ledgers_currency AS c ON c.code = s.currency ORDER BY c.code",
            parameters,
        )
        return [_sum(*row) for row in rows]

    @cached_property
    def _counts(self) -> dict[int, int]:
        return {}

    @cached_property
    def _drivers(self) -> list[Asked]:
        return [part for part in _required(self.q) if isinstance(part, Asked) and part.driver]

    @cached_property
    def _pinned(self) -> Q | None:
        """The condition, where a live table names the few transactions that may pass at all."""
        for driver in self._drivers:
            named = f"SELECT FROM ({driver.driver}) AS driver LIMIT {FEW + 1:d}"
            counted = fetch_planned(f"SELECT count(*) FROM ({named}) AS d", driver.parameters)
            if counted[0][0] <= FEW:
                return _without(self.q, driver) & _pin(driver, FEW + 1)
        return None

    @property
    def _narrowed(self) -> Q:
        return self.q if self._pinned is None else self._pinned

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(("transaction_id", *SORTS[self.sort])))

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

    Each business event is listed once, or with `is_every` each record. `sort` is one of `SORTS`.
    """
    parts = [q or Q(), Q() if is_every and tab == Tab.ALL else OF_TAB[tab], in_scope(scope)]
    whole = Q()
    for part in parts:
        whole &= part
    return Listing(whole, sort, is_filtered=bool(q) or scope is not None)


def _compile(rows: QuerySet[Any, Any]) -> Compiled:
    sql, parameters = rows.query.sql_with_params()
    return sql, parameters


def _sorted(keys: Sequence[Key]) -> str:
    order = ", ".join(f'"{key.field}"{" DESC" if key.descending else ""}' for key in keys)
    return f"ORDER BY {order}" if keys else ""


def _ordered(keys: Sequence[Key], limit: int) -> str:
    return f"{_sorted(keys)} LIMIT {limit:d}"


def _behind(keys: Sequence[Key]) -> str:
    """That a row comes after the values of the keys: compared as a whole."""
    columns = ", ".join(f'"{key.field}"' for key in keys)
    values = ", ".join(["%s"] * len(keys))
    return f"({columns}) {'<' if keys[0].descending else '>'} ({values})"


def _after(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """What comes after `values`: compared as a whole, which one range of an index answers."""
    operator, lookup = ("<", "lt") if keys[0].descending else (">", "gt")
    if len(keys) == 1:
        field = "transaction__reference" if keys[0].field == "reference" else keys[0].field
        return Q(**{f"{field}__{lookup}": values[0]})
    columns = ", ".join(f'"search_found"."{key.field}"' for key in keys)
    sql = f"({columns}) {operator} (%s, %s)"
    return Q(RawSQL(sql, values, output_field=BooleanField()))


def _required(q: Q) -> Iterator[Any]:
    """The parts of a condition that everything that passes must pass."""
    if q.negated:
        return
    if q.connector != Q.AND and len(q.children) > 1:
        return
    for child in q.children:
        if isinstance(child, Q):
            yield from _required(child)
        else:
            yield child


def _without(q: Q, part: Asked) -> Q:
    """The rest of a condition, where `part`, which is required, is known to be true."""
    if q.negated or (q.connector != Q.AND and len(q.children) > 1):
        return q
    children: list[Any] = [child for child in q.children if cast("Any", child) is not part]
    return Q(*(_without(child, part) if isinstance(child, Q) else child for child in children))


def _once(q: Q) -> QuerySet[FoundTransaction]:
    """One row for each transaction of which a line passes: the first of these lines."""
    passing = FoundTransaction.objects.filter(q)
    if not _tells_lines_apart(q):
        return passing.filter(line=1)
    lower = FoundLine.objects.filter(
        q, transaction_id=OuterRef("transaction_id"), line__lt=OuterRef("line")
    )
    return passing.filter(Q(line=1) | ~Exists(lower))


def _bounds(q: Q, field: str) -> Q:
    """What it says of the first key of the order: between which of its values to walk."""
    said = [part for part in _required(q) if isinstance(part, tuple)]
    return Q(*(part for part in said if part[0].startswith(f"{field}__")))


def _pin(driver: Asked, maximum: int) -> Q:
    """It is one of the first transactions that a live table names."""
    sql = f"{ROW} = ANY (ARRAY(SELECT * FROM ({driver.driver}) AS driver LIMIT {maximum:d}))"
    return Q(RawSQL(sql, driver.parameters, output_field=BooleanField()))


def _tells_lines_apart(q: Q) -> bool:
    """Whether some lines of a transaction may pass and others not."""
    return any(
        _tells_lines_apart(child)
        if isinstance(child, Q)
        else isinstance(child, tuple) and child[0].split("__")[0] in OF_LINES
        for child in q.children
    )


def _sum(currency: str, exponent: int, amount: str | Decimal, count: int) -> CurrencySum:
    minor = int(Decimal(amount).scaleb(exponent, EXACT))
    return CurrencySum(currency, exponent, minor, count)
