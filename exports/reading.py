"""All rows of a table as texts, in one snapshot, some thousands at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from operator import itemgetter
from typing import Any, cast

from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from web import files
from web.as_of import NOW, BadMomentError, Moment, ask_moment, asks_for_moment
from web.formatting import formats
from web.pagination import Key, Source, paginate
from web.query import with_query
from web.snapshots import snapshot
from web.sorting import Column
from web.tables.definition import Sum, Table, metadata_value
from web.tables.state import METADATA, TableState, read_state

BATCH = 2_000
# The longest that a sort before the first row may take, and that a reader may take for one piece.
STATEMENT_TIMEOUT = "10min"
STALL_TIMEOUT = "60s"
SETTINGS = """
SELECT set_config('statement_timeout', %s, true),
       set_config('idle_in_transaction_session_timeout', %s, true),
       set_config('cursor_tuple_fraction', '1', true)
"""


class CountMismatchError(Exception):
    """There were more or fewer rows than counted: such a file does not end as a whole one."""


def check_moment(request: HttpRequest, table: Table) -> None:
    """See that a file of the table can be of the moment that the address asks for.

    Raises:
        BadMomentError: it has not been, or the table shows now alone.
    """
    if asks_for_moment(request) and not table.has_moments:
        raise BadMomentError(_("This table is not kept by moment: its files are of now."))
    ask_moment(request)


@contextmanager
def long_snapshot() -> Iterator[None]:
    """A snapshot for many rows, which are sent as they are read.

    It ends with an error when nobody takes them any more: old versions of rows pile up for it.
    """
    is_outermost = not connection.in_atomic_block
    with snapshot():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute(SETTINGS, [STATEMENT_TIMEOUT, STALL_TIMEOUT])
        yield


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a table is exported: all of the filter, in the columns and the order of the page."""

    table: Table
    state: TableState

    @classmethod
    def read(cls, request: HttpRequest, table: Table) -> Selection:
        """As the address has it."""
        query = request.GET.copy()
        for name in ("export", "cursor", "new", "look", "jump"):
            query.pop(name, None)
        query["count"] = "exact"
        asked = with_query(request, query.urlencode())
        table = table.for_request(asked)
        return cls(table, read_state(asked, table))

    @property
    def moment(self) -> Moment:
        """When the rows stood so; see `check_moment`."""
        return ask_moment(self.state.request) if self.table.has_moments else NOW

    @property
    def shown(self) -> list[Column]:
        """The columns that files have."""
        return [column for column in self.table.file_columns(self.state) if column.in_files]

    def columns(self) -> list[files.Column]:
        return [
            files.Column(str(column.label), is_number=column.is_number, key=column.name)
            for column in self.shown
        ]

    def count(self) -> int | None:
        """How many rows there are, as the page counts them exactly; None where it never does."""
        with formats():
            count = self.table.count(self.state).replace(",", "")
        return int(count) if count.isdecimal() else None

    def sums(self) -> list[Sum]:
        """What the page says they add up to, the amounts as programs read them."""
        with formats():
            sums = self.table.sums_in_files(self.state)
        return [
            replace(
                each,
                amount=plain_amount(each.amount),
                label=str(each.label),
                parts=[replace(part, amount=plain_amount(part.amount)) for part in each.parts],
            )
            for each in sums
        ]

    def batches(self) -> Generator[list[Sequence[str]], None, None]:
        """The rows, some thousands at a time; to be closed within the snapshot."""
        names = [column.name for column in self.shown]
        pick = itemgetter(*names) if len(names) > 1 else lambda found: (found[names[0]],)
        with closing(self.raw_batches()) as batches:
            for rows in batches:
                plain = self.table.read_plain(rows, self.state)
                if plain and all(name in plain[0] for name in names):
                    yield list(map(pick, plain))
                else:
                    yield [
                        [_cell(found, name, row) for name in names]
                        for found, row in zip(plain, rows, strict=True)
                    ]

    def raw_batches(self) -> Generator[list[Any], None, None]:
        source, order = self.table.source(self.state)
        if isinstance(source, QuerySet):
            return read_at_once(source, order)
        return read_by_pages(source, order)


def read_at_once(
    rows: QuerySet[Any, Any], order: Sequence[Key]
) -> Generator[list[Any], None, None]:
    """Through a cursor of the server: whatever the order, it sorts once."""
    names = (f"-{key.field}" if key.descending else key.field for key in order)
    found = rows.order_by(*names).iterator(chunk_size=BATCH)
    with closing(cast(Generator[Any, None, None], found)):
        while batch := list(islice(found, BATCH)):
            yield batch


def read_by_pages(source: Source, order: Sequence[Key]) -> Generator[list[Any], None, None]:
    cursor = None
    while True:
        page = paginate(source, order=order, cursor=cursor, size=BATCH)
        if page.rows:
            yield page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def plain_amount(text: str) -> str:
    """`−17,100.00` as `-17100.00`."""
    return text.replace(",", "").replace("\N{MINUS SIGN}", "-")


def _cell(found: Mapping[str, str], name: str, row: Any) -> str:
    cell = found.get(name)
    if cell is None and name.startswith(METADATA) and isinstance(row, Mapping):
        return metadata_value(row.get("metadata"), name)
    return cell or ""
