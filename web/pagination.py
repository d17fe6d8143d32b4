"""Keyset pages: the next page begins after the last row shown, however deep that is.

No OFFSET and no COUNT: a page costs the same at the first row and at the ten millionth,
and rows that arrive meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.http import HttpRequest
from django.utils.translation import gettext as _

PAGE_SIZE = 20
CURSOR_LENGTH_MAX = 2_000
# So many keys an index is sure to have.
MOST_OF_ONE_INDEX = 2


class BadCursorError(ValueError):
    """The cursor was not made by us, or not for this table in this order."""


@dataclass(frozen=True, slots=True)
class Key:
    """One column of the order. Its values must never be NULL: coalesce in the queryset."""

    field: str
    descending: bool = False


class Source(Protocol):
    """What else than a queryset can be read in pages; see `web.arms`."""

    @property
    def label(self) -> str:
        """Ties cursors to it."""

    def read(self, keys: Sequence[Key], after: Sequence[Any] | None, limit: int) -> list[Any]:
        """The first `limit` rows in the order of `keys`, or of those after these values."""


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """The rows of one page, in order, and the cursors of its neighbours (None at an end)."""

    rows: list[Any]
    next_cursor: str | None = None
    previous_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    backward: bool
    values: tuple[Any, ...]


def paginate(
    queryset: QuerySet[Any, Any] | Source,
    *,
    order: Sequence[Key],
    cursor: str | None,
    size: int = PAGE_SIZE,
    start: Sequence[Any] | None = None,
) -> KeysetPage:
    """Read one page of `queryset` in `order`, beginning where `cursor` says.

    The last key must be unique, and no key may be NULL. The queryset may yield models,
    `.values()` or `.values_list(named=True)`, and keys may be annotations; it must hold the
    keys as fields. One query of `size + 1` rows; two when stepping back lands before the
    start, because then the first page is shown whole.

    Without a cursor the page begins after the values of `start`; where nothing follows them, it
    is the last page.

    Raises:
        BadCursorError: `cursor` is malformed, or belongs to another table or order.
    """
    source = Ordered(queryset) if isinstance(queryset, QuerySet) else queryset
    signer = _signer(source, order)
    if cursor:
        return _read_page(source, order, _decode(cursor, signer, width=len(order)), size=size)
    if start is None:
        return _read_page(source, order, None, size=size)
    page = _read_page(source, order, Cursor(backward=False, values=tuple(start)), size=size)
    if page.rows:
        return page
    page = _read_page(source, order, Cursor(backward=True, values=tuple(start)), size=size)
    return replace(page, next_cursor=None)


def _read_page(
    source: Source, order: Sequence[Key], position: Cursor | None, *, size: int
) -> KeysetPage:
    signer = _signer(source, order)
    backward = position is not None and position.backward
    keys = [Key(key.field, key.descending != backward) for key in order]
    rows = source.read(keys, position.values if position else None, size + 1)
    more = len(rows) > size
    rows = rows[:size]
    if backward:
        if len(rows) < size:
            return _read_page(source, order, None, size=size)
        rows.reverse()
    has_next = backward or more
    has_previous = more if backward else position is not None

    def encode(row: Any, *, backward: bool) -> str:
        values = [_value(row, key.field) for key in order]
        return _encode(Cursor(backward, tuple(values)), signer)

    return KeysetPage(
        rows=rows,
        next_cursor=encode(rows[-1], backward=False) if rows and has_next else None,
        previous_cursor=encode(rows[0], backward=True) if rows and has_previous else None,
    )


def paginate_request(
    request: HttpRequest,
    queryset: QuerySet[Any, Any] | Source,
    *,
    order: Sequence[Key],
    size: int = PAGE_SIZE,
    start: Sequence[Any] | None = None,
) -> KeysetPage:
    """`paginate` by `?cursor=`; a bad cursor shows page one and says so in a message."""
    cursor = request.GET.get("cursor")
    try:
        return paginate(queryset, order=order, cursor=cursor, size=size, start=start)
    except BadCursorError:
        messages.warning(request, _("That page link is no longer valid. This is the first page."))
        return paginate(queryset, order=order, cursor=None, size=size)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A queryset as a source."""

    queryset: QuerySet[Any, Any]

    @property
    def label(self) -> str:
        return str(self.queryset.model._meta.label)

    def read(self, keys: Sequence[Key], after: Sequence[Any] | None, limit: int) -> list[Any]:
        return list(self.select(keys, after, limit))

    def select(
        self, keys: Sequence[Key], after: Sequence[Any] | None, limit: int
    ) -> QuerySet[Any, Any]:
        """What `read` reads."""
        names = (f"-{key.field}" if key.descending else key.field for key in keys)
        selected = self.queryset.order_by(*names)
        if after is not None:
            selected = selected.filter(_after(keys, after))
        return selected[:limit]


def _after(keys: Sequence[Key], values: Sequence[Any]) -> Q | Func:
    """What comes after `values` in the order of `keys`."""
    if len({key.descending for key in keys}) == 1:
        operator = "<" if keys[0].descending else ">"
        whole = _compared(operator, keys, values)
        if len(keys) <= MOST_OF_ONE_INDEX:
            return whole
        # Implied by it; lets an index serve that has not all of the keys, as those of a join.
        return Q(_compared(f"{operator}=", keys[:-1], values[:-1])) & Q(whole)
    condition = Q()
    for key, value in reversed(list(zip(keys, values, strict=True))):
        beyond = Q(**{f"{key.field}__{'lt' if key.descending else 'gt'}": value})
        condition = beyond | (Q(**{key.field: value}) & condition) if condition else beyond
    # Implied by the rest; lets the index on the first key bound the scan.
    bound = Q(**{f"{keys[0].field}__{'lte' if keys[0].descending else 'gte'}": values[0]})
    return bound & condition


def _compared(operator: str, keys: Sequence[Key], values: Sequence[Any]) -> Func:
    columns = _row(*(F(key.field) for key in keys))
    return _joined(f" {operator} ", columns, _Constants(*(Value(value) for value in values)))


class _Constants(Func):
    """`(x, y)`: constants have nothing that a query over aggregates could group by."""

    template = "(%(expressions)s)"
    output_field = BooleanField()

    def get_group_by_cols(self) -> list[Any]:
        return []


def _row(*expressions: Any) -> Func:
    """`(a, b)`: compared as a whole, which one index range scan answers."""
    return Func(*expressions, template="(%(expressions)s)", output_field=BooleanField())


def _joined(operator: str, *expressions: Func) -> Func:
    return Func(
        *expressions, template="%(expressions)s", arg_joiner=operator, output_field=BooleanField()
    )


def _value(row: Any, field: str) -> Any:
    if isinstance(row, dict):
        return row[field]
    if hasattr(row, field):
        return getattr(row, field)
    for name in field.split("__"):
        row = getattr(row, name)
    return row


# Cursors are signed: their values go into a comparison, and a forged one could hold a
# value that the column's type cannot take. The salt ties them to one table and order.


def _signer(source: Source, order: Sequence[Key]) -> signing.Signer:
    fields = ",".join(f"{'-' if key.descending else ''}{key.field}" for key in order)
    return signing.Signer(salt=f"cursor:{source.label}:{fields}", sep=".")


ENCODERS: dict[type, tuple[str, Callable[[Any], str]]] = {
    int: ("i", str),
    str: ("s", str),
    UUID: ("u", str),
    Decimal: ("n", str),
    datetime: ("t", datetime.isoformat),
    date: ("d", date.isoformat),
}
DECODERS: dict[str, Callable[[str], Any]] = {
    "i": int,
    "s": str,
    "u": UUID,
    "n": Decimal,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
}


def _encode(cursor: Cursor, signer: signing.Signer) -> str:
    parts: list[str] = ["<" if cursor.backward else ">"]
    for value in cursor.values:
        tag, encoder = ENCODERS[type(value)]
        parts.append(tag + encoder(value))
    payload = json.dumps(parts, separators=(",", ":")).encode()
    return signer.sign(urlsafe_b64encode(payload).rstrip(b"=").decode())


def _decode(text: str, signer: signing.Signer, *, width: int) -> Cursor:
    if len(text) > CURSOR_LENGTH_MAX:
        raise BadCursorError
    try:
        payload = signer.unsign(text)
        direction, *values = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        cursor = Cursor(direction == "<", tuple(DECODERS[value[0]](value[1:]) for value in values))
    except (signing.BadSignature, ValueError, KeyError) as error:
        raise BadCursorError from error
    if len(cursor.values) != width:
        raise BadCursorError
    return cursor
