"""Sortable table heads: the columns of a table, and the order the address asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypedDict

from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.counting import EXACT_MAX
from web.formatting import Reader, active_reader, format_count
from web.pagination import Key
from web.query import changed_url

# So many rows of heads are kept, for the tables that are asked for again and again.
HEADS_KEPT = 500


# Each is itself alone: so heads are kept by them without looking their labels up.
@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column: `name` as in `?sort=name` or `?sort=-name`; sortable when it has `fields`.

    `fields` are the order's keys, the last one unique: `("name", "id")`. `css` is for both
    head and cells ("num", "hide-s"). `descending_first` suits dates and figures.

    One that `sorts_few` has no index: only as many rows as are counted are sorted by it.

    In a table whose columns are chosen, one that `is_fixed` always stands, and one that is not
    `is_shown` stands when it is asked for. In files, `is_number` makes its cells numbers; what is
    no text, such as a picture, is not `in_files`.
    """

    name: str
    label: str | Promise
    fields: tuple[str, ...] = ()
    css: str = ""
    descending_first: bool = False
    is_number: bool = False
    is_shown: bool = True
    is_fixed: bool = False
    in_files: bool = True
    sorts_few: bool = False


def number_column(
    name: str, label: str | Promise, key: str, *, css: str = "num", is_shown: bool = True
) -> Column:
    """A column of numbers in the order of `key`, the largest first."""
    return Column(
        name, label, (key, "id"), css, descending_first=True, is_number=True, is_shown=is_shown
    )


def date_column(name: str, label: str | Promise, key: str, *, is_shown: bool = True) -> Column:
    """A column of dates in the order of `key`, the latest first."""
    return Column(
        name, label, (key, "id"), "hide-s muted", descending_first=True, is_shown=is_shown
    )


class Looks(NamedTuple):
    """What heads depend on beside their columns: the address, and the order that was chosen."""

    path: str
    query: str
    table: str
    chosen: str
    default: str
    narrow_url: str


class Head(TypedDict):
    """A head as the template draws it; `direction` is "ascending", "descending" or "".

    Where only fewer rows are sorted by it, `reason` says so, and `narrow_url` is where to filter.
    """

    id: str
    table: str
    label: str
    css: str
    url: str
    direction: str
    reason: str
    narrow_url: str


@dataclass(frozen=True, slots=True)
class Sorting:
    """The chosen order, for `paginate`, and the heads as HTML.

    `name` is that of its column; `problem` says why it is another one than the address asks for.
    """

    order: tuple[Key, ...]
    heads: SafeString
    name: str
    problem: str = ""


def sort_columns(  # noqa: PLR0913 -- what a table is sorted by
    request: HttpRequest,
    columns: Sequence[Column],
    *,
    table: str,
    default: str,
    shown: Sequence[Column] | None = None,
    first_key: str = "",
    narrow_url: str = "",
) -> Sorting:
    """Read `?sort=`; anything unknown means `default` (such as "-created"), and is told of.

    `table` is the id of the element that a head refreshes. Heads are those of the columns
    `shown`, if not of all. With a `first_key`, an order by anything else gives way to that by it.
    Where the rows are too many for columns that sort few, `narrow_url` is where to filter them.
    """
    sortable = {
        column.name: column
        for column in columns
        if column.fields and not (narrow_url and column.sorts_few)
    }
    chosen = request.GET.get("sort") or default
    problem = ""
    if chosen.removeprefix("-") not in sortable:
        problem = _problem(columns, chosen.removeprefix("-"))
        chosen = default
    if first_key:
        chosen = _by_first_key(sortable, chosen, first_key)
    name, descending = chosen.removeprefix("-"), chosen.startswith("-")
    order = tuple(Key(field, descending) for field in sortable[name].fields)
    heads = _heads(
        tuple(columns if shown is None else shown),
        Looks(request.path, request.GET.urlencode(), table, chosen, default, narrow_url),
        active_reader(),
    )
    return Sorting(order, heads, name, problem)


@lru_cache(maxsize=HEADS_KEPT)
def _heads(columns: tuple[Column, ...], looks: Looks, _reader: Reader) -> SafeString:
    """Those of the `columns`; the texts are what the reader reads."""
    name, descending = looks.chosen.removeprefix("-"), looks.chosen.startswith("-")
    present = QueryDict(looks.query)
    heads: list[Head] = []
    for number, column in enumerate(columns, start=1):
        current = column.name == name
        turn = not descending if current else column.descending_first
        is_too_many = bool(looks.narrow_url and column.sorts_few)
        target = f"-{column.name}" if turn else column.name
        sort = None if target == looks.default else target
        url = changed_url(looks.path, present, sort=sort) if column.fields else ""
        heads.append(
            {
                "id": f"{looks.table}-sort-{number}",
                "table": looks.table,
                "label": str(column.label),
                "css": column.css,
                "url": "" if is_too_many else url,
                "direction": ("descending" if descending else "ascending") if current else "",
                "reason": _say_too_many(column) if is_too_many else "",
                "narrow_url": looks.narrow_url,
            }
        )
    return render_to_string("tables/_heads.html", {"rows": heads})


def _problem(columns: Sequence[Column], name: str) -> str:
    """Why there is no sorting by the column of this name."""
    column = next((column for column in columns if column.name == name), None)
    if column is None:
        return _("This table has no column “%(name)s” to sort by.") % {"name": name[:60]}
    if column.fields:
        return _say_too_many(column)
    return _("This table cannot be sorted by %(label)s.") % {"label": column.label}


def _say_too_many(column: Column) -> str:
    told = _("Filter to %(most)s rows or fewer to sort by %(label)s.")
    return told % {"most": format_count(EXACT_MAX), "label": column.label}


def _by_first_key(sortable: Mapping[str, Column], chosen: str, first_key: str) -> str:
    """The order chosen, if that is by this key; otherwise the one that is, latest first."""
    fitting = [name for name, column in sortable.items() if column.fields[0] == first_key]
    return chosen if chosen.removeprefix("-") in fitting or not fitting else f"-{fitting[0]}"
