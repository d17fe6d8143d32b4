"""The results of a run as a table, for the files that are made from it; its page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.naming import find_named
from bulk.models import Item, Run
from users.models import User
from web.formatting import format_count
from web.sorting import Column
from web.tables.definition import Label, Tab, Table, TableRow, register
from web.tables.fields import ChoiceField, Field, TextField
from web.tables.state import TableState


def own_runs(request: HttpRequest) -> QuerySet[Run]:
    """Those of the person who asks: nobody sees another's."""
    return Run.objects.select_related("user").filter(user=cast(User, request.user))


class ResultTable(Table):
    """What came of each record of one run, which the address names."""

    name: ClassVar[str] = "results"
    element: ClassVar[str] = "result-table"
    url_name: ClassVar[str] = "bulk:results"
    title: ClassVar[Label] = gettext_lazy("Results of a bulk action")
    columns: ClassVar[Sequence[Column]] = (
        Column("number", gettext_lazy("No."), ("position",), "num", is_number=True),
        Column("record", gettext_lazy("Record")),
        Column("key", gettext_lazy("Key")),
        Column("result", gettext_lazy("Result")),
        Column("reason", gettext_lazy("Reason")),
        Column("became", gettext_lazy("What came of it")),
        Column("became_key", gettext_lazy("Its key")),
    )
    fields: ClassVar[Sequence[Field]] = (
        ChoiceField(
            name="result",
            label=gettext_lazy("Result"),
            lookup="state",
            choices=Item.State.choices,
        ),
        TextField(name="reason", label=gettext_lazy("Reason"), can_be_empty=True),
    )
    tabs: ClassVar[Sequence[Tab]] = (
        Tab("", gettext_lazy("All")),
        Tab("done", Item.State.DONE.label, Q(state=Item.State.DONE)),
        Tab("refused", Item.State.REFUSED.label, Q(state=Item.State.REFUSED)),
        Tab("waiting", Item.State.WAITING.label, Q(state=Item.State.WAITING)),
    )
    default_sort: ClassVar[str] = "number"
    scope: ClassVar[Sequence[str]] = ("run",)
    has_metadata: ClassVar[bool] = False

    def __init__(self, run: Run | None = None) -> None:
        self._run = run

    @property
    def run(self) -> Run:
        assert self._run is not None
        return self._run

    def for_request(self, request: HttpRequest) -> Table:
        """That of the run in the address.

        Raises:
            Http404: the person who asks has no such run.
        """
        try:
            public_id = UUID(request.GET.get("run", ""))
        except ValueError as error:
            raise Http404 from error
        run = own_runs(request).filter(public_id=public_id).first()
        if run is None:
            raise Http404
        return ResultTable(run)

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        items = self.run.items.filter(state.q)
        return items.none() if state.is_broken else items

    def read_plain(self, rows: Sequence[Item], state: TableState) -> list[Mapping[str, str]]:
        names = names_of_results(rows)
        return [
            {
                "number": str(item.position),
                "record": names.get(item.record_key, item.record_key),
                "key": item.record_key,
                "result": str(item.get_state_display()),
                "reason": item.reason,
                "became": names.get(item.result, item.result),
                "became_key": item.result,
            }
            for item in rows
        ]

    def format_rows(self, rows: Sequence[Item], state: TableState) -> list[TableRow]:
        return [TableRow("", "", plain) for plain in self.read_plain(rows, state)]

    def name_count(self, count: str) -> str:
        words = ngettext("%(count)s record", "%(count)s records", 1 if count == "1" else 2)
        return words % {"count": count}

    def chips(self, state: TableState) -> list[tuple[str, str]]:
        told = {
            "action": Run.Action(self.run.action).label,
            "count": self.name_count(format_count(self.run.item_count)),
        }
        return [(_("%(action)s: %(count)s") % told, "run")]


RESULTS = register(ResultTable())


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item with the names of its record and of what came of it, or of what would."""

    item: Item
    name: str
    state: str
    reason: str
    result: str


def describe_items(run: Run, items: Sequence[Item]) -> list[ShownItem]:
    """What the page of a run says of these; before it is started, what was foreseen."""
    names = names_of_results(items)
    foreseen = {} if run.started_at else run.foreseen
    refused = foreseen.get("refused", {})
    would_be = {True: _("Would be refused"), False: _("Would be done")} if foreseen else {}
    return [
        ShownItem(
            item,
            names.get(item.record_key, item.record_key),
            would_be.get(str(item.position) in refused, item.get_state_display()),
            item.reason or refused.get(str(item.position), ""),
            names.get(item.result, item.result),
        )
        for item in items
    ]


def names_of_results(items: Sequence[Item]) -> dict[str, str]:
    """What people call the records, and what came of them, by public key."""
    wanted = {item.record_key for item in items} | {item.result for item in items if item.result}
    return {key: named.name for key, named in find_named(wanted).items()}
