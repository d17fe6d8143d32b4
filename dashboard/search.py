"""Search over all records: straight to the one that is named, else what is found, in groups."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from balances.models import Balance
from dashboard.palette_names import (
    IDENTITIES,
    INDICATORS,
    LEDGERS,
    Source,
    find_names,
    find_values,
    name_value,
)
from identities.models import Identity
from ledgers.models import Ledger
from schedules.models import Schedule
from transactions.models import Transaction
from web.addresses import url_of
from web.formatting import format_date
from web.statements import Row

GROUP_MAX = 10
Record = Ledger | Balance | Transaction | Identity | Schedule
RECORDS: dict[str, type[Record]] = {
    "ldg": Ledger,
    "bln": Balance,
    "txn": Transaction,
    "idt": Identity,
    "sch": Schedule,
}
# The beginning of an id: without its prefix it takes eight digits to mean one.
ID_START = re.compile(r"(?:(ldg|bln|txn|idt|sch)_([0-9a-f]{1,32})|([0-9a-f]{8,32}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hit:
    """A record, a page or an action; `hint` tells it from others of the same name.

    A form opens beside the page (`slide_over`), `form` is what a button would send; `keys` is
    the shortcut that does the same.
    """

    label: str
    url: str
    hint: str = ""
    slide_over: bool = False
    form: str = ""
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind. `all_url` leads to the table of them all, when there is one.

    `is_found` tells records that were looked for, `is_offered` what could be made of the text.
    """

    label: str
    hits: Sequence[Hit]
    is_cut: bool = False
    all_url: str = ""
    is_found: bool = False
    is_offered: bool = False


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


def find_groups(text: str, *, size: int = GROUP_MAX) -> list[Group]:
    """What `text` may mean, in groups of at most `size`; empty groups are left out."""
    groups = (
        _ids(text, size),
        _ledgers(text, size),
        _identities(text, size),
        _indicators(text, size),
        _transactions(text, size),
        _schedules(text, size),
    )
    return [group for group in groups if group.hits]


def hit_of(record: Record) -> Hit:
    """A record as it is told where different kinds stand together."""
    return Hit(_name_of(record), record.get_absolute_url(), _kind_of(record))


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


def _group(label: str, hits: Sequence[Hit], size: int, all_url: str = "") -> Group:
    return Group(label, hits[:size], len(hits) > size, all_url, is_found=True)


def _all_url(name: str, **query: str) -> str:
    return f"{reverse(name)}?{urlencode(query)}"


def _ids(text: str, size: int) -> Group:
    """Records whose id begins so."""
    match = ID_START.fullmatch(text.replace("-", ""))
    if not match:
        return Group("", ())
    digits = (match[2] or match[3]).lower()
    bounds = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    hits = [
        Hit(record.key, record.get_absolute_url(), _name_of(record))
        for model in _named((match[1] or "").lower())
        for record in model._default_manager.filter(public_id__range=bounds)[: size + 1]
    ]
    return _group(_("By id"), hits, size)


def _ledgers(text: str, size: int) -> Group:
    def hint(_id: str, _name: str, created_at: datetime, _metadata: object) -> str:
        return _("created %(date)s") % {"date": format_date(created_at)}

    hits = _rows(LEDGERS, "ledgers:detail", text, size, hint)
    return _group(_("Ledgers"), hits, size, _all_url("ledgers:list", q=text))


def _identities(text: str, size: int) -> Group:
    kinds = {value: str(label) for value, label in Identity.Kind.choices}

    def hint(_id: str, _name: str, email: str, kind: str, _metadata: object) -> str:
        return email or kinds[kind]

    hits = _rows(IDENTITIES, "identities:detail", text, size, hint)
    return _group(_("Identities"), hits, size, _all_url("identities:list", q=text))


def _indicators(text: str, size: int) -> Group:
    def hint(_id: str, _indicator: str, currency: str, _metadata: object) -> str:
        return currency

    hits = _rows(INDICATORS, "balances:detail", text, size, hint)
    return _group(_("Balances"), hits, size, _all_url("balances:list", q=text))


def _rows(source: Source, url_name: str, text: str, size: int, hint: Any) -> list[Hit]:
    """Those of this name, then those whose extra information says so."""
    named = find_names(source, text, limit=size + 1)
    hits = {row[0]: Hit(row[1], url_of(url_name, row[0]), hint(*row)) for row in named}
    for row in find_values(source, text, limit=size + 1):
        label = row[1] or _("Balance without an indicator")
        why = f"{hint(*row)} · {_where(row, text)}: {text}"
        hits.setdefault(row[0], Hit(label, url_of(url_name, row[0]), why))
    return list(hits.values())


def _where(row: Row, text: str) -> str:
    metadata = row[-1]
    return name_value(json.loads(metadata) if isinstance(metadata, str) else metadata, text)


def _transactions(text: str, size: int) -> Group:
    """By how the reference begins: what its index finds, however long the history."""
    transactions = Transaction.objects.filter(reference__startswith=text).order_by("reference")
    hits = [
        Hit(each.reference, each.get_absolute_url(), format_date(each.effective_at))
        for each in transactions.only("public_id", "reference", "effective_at")[: size + 1]
    ]
    return _group(_("Transactions"), hits, size, _all_url("transactions:list", q=text))


def _schedules(text: str, size: int) -> Group:
    """Those that are no transaction, or not yet."""
    schedules = Schedule.objects.filter(reference__startswith=text, transaction=None)
    hits = [
        Hit(each.reference, each.get_absolute_url(), format_date(each.due_at))
        for each in schedules.order_by("reference")[: size + 1]
    ]
    return _group(_("Schedules"), hits, size)


def _name_of(record: Record) -> str:
    match record:
        case Ledger() | Identity():
            return record.name
        case Balance():
            return f"{record.indicator or _('Balance')} {record.currency_id}"
        case _:
            return record.reference


def _kind_of(record: Record) -> str:
    return str(record._meta.verbose_name).capitalize()


def latest_of(keys: Iterable[str]) -> list[Hit]:
    """The records with these keys (`ldg_…`), in this order; what has gone is left out."""
    wanted = list(dict.fromkeys(keys))
    found: dict[str, Record] = {}
    for prefix, model in RECORDS.items():
        ids = [key.partition("_")[2] for key in wanted if key.startswith(f"{prefix}_")]
        records = model._default_manager.filter(public_id__in=ids) if ids else ()
        found |= {record.key: record for record in records}
    return [hit_of(found[key]) for key in wanted if key in found]
