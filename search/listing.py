"""Lists of transactions under any conditions, in pages, counted and summed: see docs/adr/0013.

Neither what is rare nor what is common may make a page slow, and no one way of reading serves
both. Few transactions that a live table names, or that the server expects to find quickly, are
found and sorted. Otherwise the list is walked in its order, a stretch at a time, and what passes
is shown; if the stretches hold too little, all is found and sorted after all.
"""

# Statements are put together of constants; every value is bound.
# ruff: noqa: S608, S611

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property
from typing import Any, cast

from django.db.models import BooleanField, Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL

from balances.models import Balance
from ledgers.models import Currency, Ledger
from search.conditions import OF_TAB, ROW, Asked, in_scope
from search.models import FoundLine, FoundTransaction
from search.planned import explain, fetch_planned
from transactions.filters import Tab
from web.counting import EXACT_MAX
from web.pagination import Key

# So many transactions are looked up one by one, and so many documents sorted.
FEW = 5_000
# So much, in the server's units, may finding all cost before a stretch is tried: a few ms.
CHEAP = 2_000.0
# So many show that the server was wrong about that.
TOO_MANY = 10_000
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
Compiled = tuple[str, Sequence[Any]]
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """What the amounts of `count` transactions add up to in one currency."""

    currency: str
    exponent: int
    amount_minor: int
    count: int


@dataclass(frozen=True)
class Listing:
    """The transactions that pass `q`, each once: a source of `web.pagination.paginate`.

    `q` is a condition on `FoundTransaction`; see `list_transactions`. Rows are dictionaries of
    `transaction_id` and the keys of the order.
    """

    q: Q
    sort: str = "effective"

    @property
    def label(self) -> str:
        return f"found:{self.sort}"

    def order(self, *, descending: bool) -> tuple[Key, ...]:
        """The keys to page by. Those of "created" are the numbers drawn while recording."""
        return tuple(Key(field, descending) for field in SORTS[self.sort])

    def read(self, keys: Sequence[Key], after: Sequence[Any] | None, limit: int) -> Rows:
        """The first `limit` rows in the order of `keys`, or of those after these values."""
        position = _after(keys, after) if after is not None else Q()
        found = _compile(self._select(_once(self._narrowed).filter(position)))
        ordered = _ordered(keys, limit)
        if self._pinned is not None:
            return self._sort_all(found, ordered)
        plan = explain(*found)
        page = self._sort_few(found, ordered) if plan.cost <= CHEAP else None
        is_rare = plan.cost > CHEAP and plan.rows <= FEW
        for least, times in STRETCHES[:1] if is_rare else STRETCHES:
            if page is None:
                page = self._walk(keys, position, limit, length=max(least, times * limit))
        return self._sort_all(found, ordered) if page is None else page

    def _sort_all(self, found: Compiled, ordered: str) -> Rows:
        sql, parameters = found
        return self._rows(
            fetch_planned(f"SELECT * FROM ({sql} OFFSET 0) AS found {ordered}", parameters)
        )

    def _sort_few(self, found: Compiled, ordered: str) -> Rows | None:
        """The page from all that is found; None if there are too many of it."""
        limited = f"{found[0]} LIMIT {TOO_MANY:d}"
        sql = f"SELECT *, count(*) OVER () FROM ({limited}) AS found {ordered}"
        rows = fetch_planned(sql, found[1])
        is_cut = rows and rows[0][-1] >= TOO_MANY
        return None if is_cut else self._rows([row[:-1] for row in rows])

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
        if maximum is None:
            return self._count(_once(self._narrowed), None)
        if maximum not in self._counts:
            self._counts[maximum] = self._count_driven(maximum)
        return self._counts[maximum]

    def _count_driven(self, maximum: int) -> int:
        """The count from the first that a live table names, where that is enough and quicker."""
        found = _once(self._narrowed)
        drivers = [] if self._pinned is not None else self._drivers
        if drivers and explain(*_compile(found.values("transaction_id"))).cost <= CHEAP:
            drivers = []
        for driver in drivers:
            rows = _once(_without(self.q, driver)).filter(_pin(driver, 2 * maximum))
            count = self._count(rows, maximum)
            if count >= maximum:
                return count
        return self._count(found, maximum)

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
        lines = FoundTransaction.objects.filter(self._narrowed)
        sql, parameters = _compile(lines.values("currency", "amount"))
        rows = fetch_planned(
            "SELECT currency, sum(amount), count(*)"
            f" FROM ({sql} OFFSET 0) AS found GROUP BY currency ORDER BY currency",
            parameters,
        )
        return list(_sums(rows))

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
    return Listing(whole, sort)


def _compile(rows: QuerySet[Any, Any]) -> Compiled:
    sql, parameters = rows.query.sql_with_params()
    return sql, parameters


def _ordered(keys: Sequence[Key], limit: int) -> str:
    order = ", ".join(f'"{key.field}"{" DESC" if key.descending else ""}' for key in keys)
    return f"ORDER BY {order} LIMIT {limit:d}"


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


def _sums(rows: Sequence[Sequence[Any]]) -> Iterator[CurrencySum]:
    exponents = dict(Currency.objects.values_list("code", "exponent"))
    for currency, amount, count in rows:
        exponent = exponents[currency]
        minor = int(Decimal(amount).scaleb(exponent, EXACT))
        yield CurrencySum(currency, exponent, minor, count)
