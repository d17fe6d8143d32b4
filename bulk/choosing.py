"""What a table's form of ticked rows means: the records, in order, or the address of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from uuid import UUID

from django.db import models
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from balances.models import Balance
from exports.reading import Selection, long_snapshot
from identities.models import Identity
from ledgers.models import Ledger
from transactions.models import Transaction
from web.as_of import NAMES
from web.converters import parse_key
from web.formatting import format_count
from web.query import with_query
from web.tables.conditions import WHERE, Condition, Conditions
from web.tables.definition import Table
from web.tables.operators import Operator

RECORDS: Mapping[str, tuple[str, type[models.Model]]] = {
    "ledgers": ("ldg", Ledger),
    "balances": ("bln", Balance),
    "transactions": ("txn", Transaction),
    "identities": ("idt", Identity),
}
TICKED_MAX = 1_000
ITEMS_MAX = 100_000


class NothingChosenError(ValueError):
    """No record is meant, or too many are; the message says so, to a person."""


def choose_records(request: HttpRequest, table: Table) -> list[int]:
    """The primary keys of what was ticked, or of all rows that pass the filters of `query`.

    Raises:
        NothingChosenError: nothing was, or too much.
    """
    if request.POST.get("all"):
        return _all_of_filter(request, table)
    prefix, model = RECORDS[table.name]
    keys = [parse_key(key, prefix) for key in request.POST.getlist("key")[: TICKED_MAX + 1]]
    public_ids = [key for key in keys if key is not None]
    if not public_ids:
        raise NothingChosenError(_("Tick at least one row."))
    if len(public_ids) > TICKED_MAX:
        raise NothingChosenError(_too_many(TICKED_MAX))
    found: dict[UUID, int] = dict(
        model._default_manager.filter(public_id__in=public_ids).values_list("public_id", "pk")
    )
    return list(dict.fromkeys(found[each] for each in public_ids if each in found))


def _all_of_filter(request: HttpRequest, table: Table) -> list[int]:
    asked = with_query(request, request.POST.get("query", ""))
    with long_snapshot():
        selection = Selection.read(asked, table)
        if not selection.table.has_bulk:
            raise NothingChosenError(_("Nothing can be done at once with the rows of this tab."))
        name = selection.table.watched_key
        chosen: list[int] = []
        with closing(selection.raw_batches()) as batches:
            for rows in batches:
                chosen += [row[name] for row in rows]
                if len(chosen) > ITEMS_MAX:
                    raise NothingChosenError(_too_many(ITEMS_MAX))
    if not chosen:
        raise NothingChosenError(_("No row passes the filters any more."))
    return chosen


def query_of_ticked(request: HttpRequest, table: Table) -> QueryDict:
    """The query under which the ticked rows pass and no other, in their columns and order.

    Raises:
        NothingChosenError: nothing was ticked.
    """
    query = QueryDict(request.POST.get("query", ""), mutable=True)
    if request.POST.get("all"):
        return query
    keys = request.POST.getlist("key")[:TICKED_MAX]
    if not keys:
        raise NothingChosenError(_("Tick at least one row."))
    # What is no record of its own stands in the order of its scope.
    scope = () if table.name in RECORDS else table.scope
    for lost in [each for each in query if each not in ("columns", "sort", *NAMES, *scope)]:
        del query[lost]
    if table.name == "transactions":
        query["records"] = "every"
    only = Conditions(((Condition("id", Operator.ONE_OF, tuple(keys)),),))
    query.setlist(WHERE, only.parameters()[WHERE])
    return query


def choose_rows(request: HttpRequest, table: Table) -> Selection:
    """The ticked rows, or all that pass the filters of `query`, as their file has them.

    Raises:
        NothingChosenError: nothing was ticked, or what was is no row.
    """
    query = query_of_ticked(request, table)
    selection = Selection.read(with_query(request, query.urlencode()), table)
    for problem in selection.state.compiled.problems.values():
        raise NothingChosenError(problem)
    return selection


def _too_many(most: int) -> str:
    return _("At most %(most)s rows at once. Narrow the filter.") % {"most": format_count(most)}


def keys_of(table: str, pks: Sequence[int]) -> dict[int, str]:
    """The public keys of these records, by primary key."""
    prefix, model = RECORDS[table]
    found = model._default_manager.filter(pk__in=pks).values_list("pk", "public_id")
    return {pk: f"{prefix}_{public_id}" for pk, public_id in found}
