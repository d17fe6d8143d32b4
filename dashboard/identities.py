"""The Identities table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from identities.models import Identity
from web.addresses import url_of
from web.formatting import Dates, active_dates, format_count
from web.sorting import Column
from web.statements import fetch_all

COLUMNS = (
    Column("name", _("Name"), ("plain_name", "id")),
    Column("kind", _("Kind"), css="hide-s"),
    Column("email", _("E-mail"), css="hide-s"),
    Column("balances", _("Balances"), css="num"),
    Column("created", _("Created"), ("created_at", "id"), "hide-s", descending_first=True),
)

BALANCE_COUNTS = """
SELECT identity_id, count(*) FROM balances_balance WHERE identity_id = ANY (%s) GROUP BY identity_id
"""


class IdentityRow(TypedDict):
    """A row of the table, as the template prints it."""

    name: str
    url: str
    is_new: bool
    kind: str
    email: str
    balances: str
    balances_url: str
    created: SafeString | str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of one table share; looked up once."""

    identities_url: str
    balances_url: str
    kinds: dict[str, str]
    dates: Dates


def matching_identities(text: str) -> QuerySet[Identity]:
    """The identities whose name or e-mail address holds `text`, case aside; or all."""
    identities = Identity.objects.all()
    if text:
        return identities.filter(Q(name__icontains=text) | Q(email__icontains=text))
    return identities


def ordered(identities: QuerySet[Identity]) -> QuerySet[Identity, Any]:
    """The values that the table shows and is sorted by."""
    return identities.annotate(plain_name=Lower("name")).values(
        "id", "public_id", "name", "kind", "email", "created_at", "plain_name"
    )


def identity_rows(identities: Sequence[Mapping[str, Any]], *, new: str = "") -> list[IdentityRow]:
    """Rows ready for the template, from the values that `ordered` selects.

    The identity with the key `new` is marked.
    """
    counts = _balance_counts(identity["id"] for identity in identities)
    shared = Surroundings(
        url_of("identities:list"),
        url_of("balances:list"),
        {value: str(label) for value, label in Identity.Kind.choices},
        active_dates(),
    )
    return [
        _row(identity, counts.get(identity["id"], 0), shared, new=new) for identity in identities
    ]


def _row(identity: Mapping[str, Any], count: int, shared: Surroundings, *, new: str) -> IdentityRow:
    key = f"idt_{identity['public_id']}"
    return {
        "name": identity["name"],
        "url": f"{shared.identities_url}{key}/",
        "is_new": key == new,
        "kind": shared.kinds[identity["kind"]],
        "email": identity["email"] or "—",
        "balances": format_count(count),
        "balances_url": f"{shared.balances_url}?identity={key}",
        "created": shared.dates.time_tag(identity["created_at"]),
    }


def _balance_counts(identity_ids: Iterable[int]) -> dict[int, int]:
    return dict(fetch_all(BALANCE_COUNTS, [list(identity_ids)]))
