"""Search over all records: straight to the one that is named, else what is found, in groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from balances.models import Balance
from identities.models import Identity
from ledgers.models import Ledger
from schedules.models import Schedule
from transactions.models import Transaction
from web.formatting import format_date

GROUP_MAX = 10
Record = Ledger | Balance | Transaction | Identity | Schedule
RECORDS: dict[str, type[Record]] = {
    "ldg": Ledger,
    "bln": Balance,
    "txn": Transaction,
    "idt": Identity,
    "sch": Schedule,
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A record found; `hint` tells it from others of the same name."""

    label: str
    url: str
    hint: str


@dataclass(frozen=True, slots=True)
class Group:
    """Records of one kind. `all_url` leads to the table of them all, when there is one."""

    label: str
    hits: Sequence[Hit]
    is_cut: bool
    all_url: str = ""


def find_record(text: str) -> Record | None:
    """The one record whose id or reference `text` is, whole; else None."""
    prefix, _separator, digits = text.lower().rpartition("_")
    if public_id := _read_uuid(digits):
        for model in _named(prefix):
            if record := model._default_manager.filter(public_id=public_id).first():
                return record
    return (
        Transaction.objects.filter(reference=text).first()
        or Schedule.objects.filter(reference=text).first()
    )


def find_groups(text: str) -> list[Group]:
    """What `text` may mean, in groups of at most ten; empty groups are left out."""
    groups = (
        _ledgers(text),
        _identities(text),
        _indicators(text),
        _references(text),
        _schedules(text),
    )
    return [group for group in groups if group.hits]


def _named(prefix: str) -> Sequence[type[Record]]:
    """What a key with this prefix may be; a bare UUID may be anything."""
    if not prefix:
        return tuple(RECORDS.values())
    return (RECORDS[prefix],) if prefix in RECORDS else ()


def _read_uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) >= 32 else None
    except ValueError:
        return None


def _group(label: str, hits: list[Hit], *, all_url: str = "") -> Group:
    return Group(label, hits[:GROUP_MAX], len(hits) > GROUP_MAX, all_url)


def _ledgers(text: str) -> Group:
    ledgers = Ledger.objects.filter(name__icontains=text).order_by("-is_general", "name", "pk")
    hits = [
        Hit(ledger.name, ledger.get_absolute_url(), _created(ledger.created_at))
        for ledger in ledgers[: GROUP_MAX + 1]
    ]
    return _group(_("Ledgers"), hits, all_url=reverse("ledgers:list"))


def _identities(text: str) -> Group:
    found = Q(name__icontains=text) | Q(email__icontains=text)
    identities = Identity.objects.filter(found).order_by("name", "pk")[: GROUP_MAX + 1]
    hits = [
        Hit(each.name, each.get_absolute_url(), each.email or each.get_kind_display())
        for each in identities
    ]
    return _group(_("Identities"), hits, all_url=reverse("identities:list"))


def _indicators(text: str) -> Group:
    balances = Balance.objects.exclude(indicator="").filter(indicator__icontains=text)
    balances = balances.order_by("indicator", "currency")[: GROUP_MAX + 1]
    hits = [Hit(each.indicator, each.get_absolute_url(), each.currency_id) for each in balances]
    return _group(_("Internal balances"), hits, all_url=reverse("balances:list"))


def _references(text: str) -> Group:
    """By how the reference begins: what its index finds, however long the history."""
    transactions = Transaction.objects.filter(reference__startswith=text).order_by("reference")
    hits = [
        Hit(each.reference, each.get_absolute_url(), format_date(each.effective_at))
        for each in transactions.only("public_id", "reference", "effective_at")[: GROUP_MAX + 1]
    ]
    return _group(_("Transactions"), hits)


def _schedules(text: str) -> Group:
    """Those that are no transaction, or not yet."""
    schedules = Schedule.objects.filter(reference__startswith=text, transaction=None)
    hits = [
        Hit(each.reference, each.get_absolute_url(), format_date(each.due_at))
        for each in schedules.order_by("reference")[: GROUP_MAX + 1]
    ]
    return _group(_("Schedules"), hits)


def _created(value: datetime) -> str:
    return _("created %(date)s") % {"date": format_date(value)}
