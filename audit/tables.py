"""The audit trail as a table: what people changed, for those who may see all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.history import name_actor
from audit.models import AuditEvent
from audit.naming import Named, find_named
from audit.telling import Event, describe_events
from audit.words import MANY, THINGS, name_action, name_thing
from users.models import User
from web.formatting import active_dates
from web.sorting import Column
from web.tables.definition import Cell, Label, Table, TableRow, register, with_column
from web.tables.fields import ChoiceField, DateField, Field, TextField
from web.tables.state import TableState

# The key of the record, which says which one it is whatever it is called by now.
SUBJECT = Column("subject", gettext_lazy("Id"), ("subject", "id"), "id", is_shown=False)
# Before and after as they lie in the database, for programs: what the words are made of.
KEPT = Column("kept", gettext_lazy("As kept"), css="hide-s", is_shown=False)


def _about(thing: str) -> Q:
    """Events of one record of this kind, and of many at once."""
    names = [thing, *(many for many, one in MANY.items() if one == thing)]
    return Q(*(Q(action__startswith=f"{name}.") for name in names), _connector=Q.OR)


class AuditTable(Table):
    name: ClassVar[str] = "audit"
    element: ClassVar[str] = "audit-table"
    url_name: ClassVar[str] = "audit:list"
    title: ClassVar[Label] = gettext_lazy("Audit trail")
    search_label: ClassVar[Label] = gettext_lazy("Id of a record, or name of a person")
    empty_template: ClassVar[str] = "audit/_no_events.html"
    columns: ClassVar[Sequence[Column]] = (
        Column(
            "when",
            gettext_lazy("When"),
            ("created_at", "id"),
            descending_first=True,
            is_fixed=True,
        ),
        Column(
            "who", gettext_lazy("Who"), ("actor_name", "id"), "word", is_fixed=True, sorts_few=True
        ),
        Column("action", gettext_lazy("What"), ("action", "id"), is_fixed=True, sorts_few=True),
        # By its key: what it is called by now is kept by many apps, and changes.
        Column("record", gettext_lazy("Record"), ("subject", "id")),
        SUBJECT,
        Column("changes", gettext_lazy("Before and after"), css="hide-s"),
        KEPT,
        Column(
            "number",
            gettext_lazy("Number"),
            ("id",),
            "hide-s num",
            descending_first=True,
            is_shown=False,
        ),
    )
    fields: ClassVar[Sequence[Field]] = (
        DateField(name="when", label=gettext_lazy("When"), lookup="created_at"),
        TextField(name="who", label=gettext_lazy("Who"), lookup="actor_name"),
        TextField(name="action", label=gettext_lazy("What"), lookup="action"),
        ChoiceField(
            name="thing",
            label=gettext_lazy("Kind of record"),
            choices=THINGS,
            conditions={thing: _about(thing) for thing, _label in THINGS},
        ),
        TextField(name="subject", label=gettext_lazy("Id"), lookup="subject"),
    )
    default_sort: ClassVar[str] = "-when"
    date_key: ClassVar[str] = "created_at"
    has_metadata: ClassVar[bool] = False
    watches: ClassVar[str] = "audit_auditevent"

    def for_request(self, request: HttpRequest) -> Table:
        """The same for whoever may see it.

        Raises:
            PermissionDenied: to see what others did takes a right.
        """
        if not may_see_all(cast(User, request.user)):
            raise PermissionDenied(_("Only those who may see the audit trail can open it."))
        return self

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        events = AuditEvent.objects.filter(_found(state.text), state.q)
        rows: QuerySet[AuditEvent, Any] = events.values(
            "id", "created_at", "actor_name", "action", "subject", "before", "after"
        )
        return rows.none() if state.is_broken else rows

    def format_rows(self, rows: Sequence[Mapping[str, Any]], state: TableState) -> list[TableRow]:
        dates = active_dates()
        named = find_named(row["subject"] for row in rows)
        told = describe_events([_event(row) for row in rows])
        return [
            _opening(
                named.get(row["subject"]),
                row["subject"],
                {
                    "when": dates.time_tag(row["created_at"]),
                    "who": format_html("<bdi>{}</bdi>", name_actor(row["actor_name"])),
                    "action": format_html(
                        '{} <span class="muted">{}</span>',
                        name_action(row["action"]),
                        name_thing(row["action"]),
                    ),
                    "record": _link(named.get(row["subject"]), row),
                    "subject": format_html("<bdi>{}</bdi>", row["subject"]),
                    "changes": _lines(lines),
                    "kept": _as_json(row),
                    "number": str(row["id"]),
                },
            )
            for row, lines in zip(rows, told, strict=True)
        ]

    def read_plain(
        self, rows: Sequence[Mapping[str, Any]], state: TableState
    ) -> list[Mapping[str, str]]:
        named = find_named(row["subject"] for row in rows)
        told = describe_events([_event(row) for row in rows], is_plain=True)
        return [
            {
                "when": row["created_at"].isoformat(),
                "who": row["actor_name"],
                "action": row["action"],
                "record": _name(named.get(row["subject"]), row),
                "subject": row["subject"],
                "changes": "; ".join(lines),
                "kept": _as_json(row),
                "number": str(row["id"]),
            }
            for row, lines in zip(rows, told, strict=True)
        ]

    def note(self, state: TableState) -> str:
        if state.sorting.name != "record":
            return ""
        return _(
            "Sorted by the ids of records: those of one kind stand together, and so does all that"
            " happened to one of them."
        )

    def file_columns(self, state: TableState) -> Sequence[Column]:
        """Words are for people: programs read ids, and what is kept."""
        columns = with_column(state.columns, SUBJECT, behind="action")
        return with_column(columns, KEPT, behind="changes")

    def name_count(self, count: str) -> str:
        words = ngettext("%(count)s event", "%(count)s events", 1 if count == "1" else 2)
        return words % {"count": count}


AUDIT = register(AuditTable())


def may_see_all(user: User) -> bool:
    """Whether the audit trail of all records is theirs to read."""
    return user.is_staff or user.has_perm("audit.view_auditevent")


def _found(text: str) -> Q:
    return Q(subject=text) | Q(actor_name__icontains=text) if text else Q()


def _opening(named: Named | None, subject: str, cells: Mapping[str, str | Cell]) -> TableRow:
    """A row that opens the record beside the table, if it has a panel."""
    if named is None or not named.quick:
        return TableRow(key="", url="", cells=cells)
    return TableRow(key=subject, url=named.url, quick=named.quick, cells=cells)


def _name(named: Named | None, row: Mapping[str, Any]) -> str:
    """What the record is called; what has no name is known by its id."""
    return named.name if named else row["subject"]


def _link(named: Named | None, row: Mapping[str, Any]) -> SafeString:
    """To the record's page, if it has one."""
    name = _name(named, row)
    if named and named.url:
        return format_html('<a href="{}"><bdi>{}</bdi></a>', named.url, name)
    return format_html("<bdi>{}</bdi>", name)


def _event(row: Mapping[str, Any]) -> Event:
    return Event(row["action"], row["subject"], row["before"] or {}, row["after"] or {})


def _lines(told: Sequence[str]) -> SafeString:
    return format_html_join(SafeString("<br>"), "<bdi>{}</bdi>", ((line,) for line in told))


def _as_json(row: Mapping[str, Any]) -> str:
    kept = {name: row[name] for name in ("before", "after") if row[name] is not None}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True) if kept else ""
