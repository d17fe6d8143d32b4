"""The Identities table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Any, ClassVar

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.subjects import AUDIT, by_subject
from balances.models import Balance
from balances.naming import link_tag
from identities.models import Identity
from web.addresses import url_of
from web.formatting import Dates, active_dates, format_count
from web.journals import by_column
from web.sorting import Column, date_column, number_column
from web.statements import fetch_all
from web.tables.definition import Label, Tab, Table, TableRow, register
from web.tables.fields import (
    ChoiceField,
    DateField,
    Field,
    KeyField,
    NumberField,
    TextField,
)
from web.tables.metadata_fields import MetadataField
from web.tables.state import TableState

BALANCE_COUNTS = """
SELECT identity_id, count(*) FROM balances_balance WHERE identity_id = ANY (%s) GROUP BY identity_id
"""
NEW_FOR = timedelta(days=30)
OF_IDENTITY = Balance.objects.filter(identity=OuterRef("pk"))
VALUES = ("id", "public_id", "name", "plain_name", "kind", "email", "created_at", "metadata")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of one table share; looked up once."""

    identities_url: str
    balances_url: str
    kinds: dict[str, str]
    dates: Dates
    new: str


class IdentityTable(Table):
    name: ClassVar[str] = "identities"
    element: ClassVar[str] = "identity-table"
    url_name: ClassVar[str] = "identities:list"
    title: ClassVar[Label] = _("Identities")
    search_label: ClassVar[Label] = _("Name or e-mail")
    empty_template: ClassVar[str] = "identities/_empty.html"
    columns: ClassVar[Sequence[Column]] = (
        Column("name", _("Name"), ("plain_name", "id"), is_fixed=True),
        Column("kind", _("Kind"), ("kind", "id"), "hide-s muted"),
        Column("email", _("E-mail"), ("email", "id"), "hide-s"),
        number_column("balances", _("Balances"), "balance_count"),
        date_column("created", _("Created"), "created_at"),
        Column("id", _("Id"), ("public_id",), "hide-s id", is_shown=False),
    )
    fields: ClassVar[Sequence[Field]] = (
        TextField(name="name", label=_("Name")),
        TextField(name="email", label=_("E-mail"), can_be_empty=True),
        ChoiceField(name="kind", label=_("Kind"), choices=Identity.Kind.choices),
        NumberField(name="balances", label=_("Number of balances"), lookup="balance_count"),
        DateField(name="created", label=_("Created"), lookup="created_at"),
        KeyField(name="id", label=_("Id"), lookup="public_id", prefix="idt"),
        MetadataField(name="metadata", label=_("Extra information")),
    )
    tabs: ClassVar[Sequence[Tab]] = (
        Tab("", _("All")),
        Tab("new", _("New"), Q(created_at__gte=Now() - NEW_FOR)),
        Tab("with-balances", _("With balances"), Q(Exists(OF_IDENTITY))),
    )
    refreshes_on: ClassVar[Sequence[str]] = ("identityCreated",)
    has_bulk: ClassVar[bool] = True
    bulk_template: ClassVar[str] = "bulk/_records.html"
    ticked_url_name: ClassVar[str] = "bulk:ticked"
    watches: ClassVar[str] = "identities_identity"
    changed_by: ClassVar[Mapping[str, str]] = {
        "balances_balance": by_column("identity_id"),
        AUDIT: by_subject("identities_identity", "idt"),
    }
    is_standing: ClassVar[bool] = True
    date_key: ClassVar[str] = "created_at"

    def select(self, state: TableState) -> QuerySet[Any, Any]:
        """Values, with what they are sorted by."""
        identities: QuerySet[Identity, Any] = Identity.objects.all()
        needed = list(VALUES)
        if state.needs("balance_count"):
            identities = identities.annotate(balance_count=Count("balances"))
            needed.append("balance_count")
        passing = identities.filter(_holding(state.text), state.q)
        rows: QuerySet[Identity, Any] = passing.values(*needed)
        return rows.none() if state.is_broken else rows

    def format_rows(self, rows: Sequence[Mapping[str, Any]], state: TableState) -> list[TableRow]:
        """One query for the numbers of their balances."""
        counts = _balance_counts(row["id"] for row in rows)
        shared = Surroundings(
            url_of("identities:list"),
            url_of("balances:list"),
            {value: str(label) for value, label in Identity.Kind.choices},
            active_dates(),
            state.request.GET.get("new", ""),
        )
        return [_format_row(row, counts.get(row["id"], 0), shared) for row in rows]

    def read_plain(
        self, rows: Sequence[Mapping[str, Any]], state: TableState
    ) -> list[Mapping[str, str]]:
        counts = _balance_counts(row["id"] for row in rows)
        kinds = {value: str(label) for value, label in Identity.Kind.choices}
        return [
            {
                "name": row["name"],
                "kind": kinds[row["kind"]],
                "email": row["email"],
                "balances": str(counts.get(row["id"], 0)),
                "created": row["created_at"].isoformat(),
                "id": f"idt_{row['public_id']}",
            }
            for row in rows
        ]

    def name_count(self, count: str) -> str:
        words = ngettext("%(count)s identity", "%(count)s identities", 1 if count == "1" else 2)
        return words % {"count": count}


IDENTITIES = register(IdentityTable())


def _holding(text: str) -> Q:
    """Those whose name or e-mail address holds `text`, case aside; or all."""
    return Q(name__icontains=text) | Q(email__icontains=text) if text else Q()


def _format_row(row: Mapping[str, Any], count: int, shared: Surroundings) -> TableRow:
    key = f"idt_{row['public_id']}"
    url = f"{shared.identities_url}{key}/"
    is_new = key == shared.new
    name: SafeString = link_tag(url, row["name"])
    if is_new:
        name = format_html('{}<span class="tag">{}</span>', name, gettext("new"))
    return TableRow(
        key=key,
        url=url,
        quick=f"{url}quick/",
        css="new" if is_new else "",
        metadata=row["metadata"],
        cells={
            "name": name,
            "kind": shared.kinds[row["kind"]],
            "email": _email(row["email"]),
            # Nothing here needs escaping.
            "balances": SafeString(
                f'<a href="{shared.balances_url}?identity={key}">{format_count(count)}</a>'
            ),
            "created": shared.dates.time_tag(row["created_at"]),
            "id": key,
        },
        name=row["name"],
    )


def _email(email: str) -> SafeString | str:
    return SafeString(f"<bdi>{escape(email)}</bdi>") if email else "—"


def _balance_counts(identity_ids: Iterable[int]) -> dict[int, int]:
    return dict(fetch_all(BALANCE_COUNTS, [list(identity_ids)]))
