"""The Identities table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from balances.models import Balance
from identities.models import Identity
from web.formatting import format_count, time_tag
from web.sorting import Column

COLUMNS = (
    Column("name", _("Name"), ("plain_name", "id")),
    Column("kind", _("Kind"), css="hide-s"),
    Column("email", _("E-mail"), css="hide-s"),
    Column("balances", _("Balances"), css="num"),
    Column("created", _("Created"), ("created_at", "id"), "hide-s", descending_first=True),
)


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """A row of the table, as the template prints it."""

    key: str
    name: str
    url: str
    kind: str
    email: str
    balances: str
    balances_url: str
    created: SafeString | str


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


def identity_rows(identities: Sequence[Mapping[str, Any]]) -> list[IdentityRow]:
    """Rows ready for the template, from the values that `ordered` selects."""
    counts = _balance_counts(identity["id"] for identity in identities)
    all_balances = reverse("balances:list")
    kinds = {value: str(label) for value, label in Identity.Kind.choices}
    rows = []
    for identity in identities:
        key = f"idt_{identity['public_id']}"
        rows.append(
            IdentityRow(
                key=key,
                name=identity["name"],
                url=reverse("identities:detail", args=[identity["public_id"]]),
                kind=kinds[identity["kind"]],
                email=identity["email"],
                balances=format_count(counts.get(identity["id"], 0)),
                balances_url=f"{all_balances}?identity={key}",
                created=time_tag(identity["created_at"]),
            )
        )
    return rows


def _balance_counts(identity_ids: Iterable[int]) -> dict[int, int]:
    balances = Balance.objects.filter(identity__in=list(identity_ids))
    return dict(balances.values_list("identity").annotate(Count("pk")).order_by())
