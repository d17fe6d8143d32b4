"""Search over all records: straight to the one that is named, else what is found, in groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import name_of
from dashboard.palette_names import BALANCE, IDENTITY, LEDGER, Found, find_names
from identities.models import Identity
from ledgers.models import Ledger
from schedules.models import Schedule
from search.finding import FoundHit, Why, find_transactions
from transactions.models import Transaction
from web import records
from web.addresses import url_of
from web.formatting import format_date
from web.planned import fetch_planned
from web.statements import fetch_one
from web.tables.conditions import Condition
from web.text import isolate

GROUP_MAX = 10
DESCRIPTION_MAX = 80
Record = Ledger | Balance | Transaction | Identity | Schedule
RECORDS: dict[str, type[Record]] = {
    "ldg": Ledger,
    "bln": Balance,
    "txn": Transaction,
    "idt": Identity,
    "sch": Schedule,
}
NAMED = """
SELECT prefix, public_id FROM (
    SELECT 1 AS place, 'txn' AS prefix, public_id FROM transactions_transaction
    WHERE reference = %(text)s
    UNION ALL
    SELECT 2, 'sch', public_id FROM schedules_schedule WHERE reference = %(text)s
) AS named ORDER BY place LIMIT 1
"""
# Those that are no transaction, or not yet.
SCHEDULES = """
SELECT public_id, reference, due_at FROM schedules_schedule
WHERE reference ^@ %s AND transaction_id IS NULL ORDER BY reference LIMIT %s
"""
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
    """Hits of one kind. `all_url` leads to the table of them all, when there is one: `all_label`.

    `is_found` tells records that were looked for, `is_offered` what could be made of the text.
    """

    label: str
    hits: Sequence[Hit]
    is_cut: bool = False
    all_url: str = ""
    all_label: str = ""
    is_found: bool = False
    is_offered: bool = False


def find_record(text: str) -> Record | None:
    """The one record whose id or reference `text` is, whole; else None."""
    prefix, _separator, digits = text.lower().rpartition("_")
    if public_id := _read_uuid(digits):
        for model in _named(prefix):
            if record := records.find_record(model, public_id):
                return record
    named = fetch_one(NAMED, {"text": text})
    return records.find_record(RECORDS[named[0]], named[1]) if named else None


def find_groups(text: str, *, size: int = GROUP_MAX) -> list[Group]:
    """What `text` may mean, in groups of at most `size`; empty groups are left out."""
    groups = (
        _ids(text, size),
        *_named_groups(text, size),
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


def _group(
    label: str, hits: Sequence[Hit], size: int, all_url: str = "", all_label: str = ""
) -> Group:
    return Group(label, hits[:size], len(hits) > size, all_url, all_label, is_found=True)


def _all_url(name: str, **query: str) -> str:
    return f"{url_of(name)}?{urlencode(query)}"


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
        for record in _records_of(model).filter(public_id__range=bounds)[: size + 1]
    ]
    return _group(_("By id"), hits, size)


def _named_groups(text: str, size: int) -> list[Group]:
    """Ledgers, identities and balances by their names, or by a value they carry.

    What holds the text as it is written comes before what is only near it.
    """
    found = find_names(text, limit=size + 1)
    kinds = (
        (LEDGER, "ledgers", _("Ledgers"), _("All ledgers with “%(text)s”")),
        (IDENTITY, "identities", _("Identities"), _("All identities with “%(text)s”")),
        (BALANCE, "balances", _("Balances"), _("All balances with “%(text)s”")),
    )
    groups = []
    for kind, urls, label, all_label in kinds:
        rows = [row for row in found if row.kind == kind]
        hits = [_named_hit(row, text, f"{urls}:detail") for row in rows]
        # The table finds what holds the text as it is written, and nothing else.
        is_all = all(text.lower() in f"{row.name} {row.detail}".lower() for row in rows)
        all_url = _all_url(f"{urls}:list", q=text) if is_all else ""
        groups.append(_group(label, hits, size, all_url, all_label % {"text": isolate(text)}))
    return sorted(groups, key=lambda group: not group.all_url)


def _named_hit(row: Found, text: str, url_name: str) -> Hit:
    hint = row.detail or _("created %(date)s") % {"date": format_date(row.created_at)}
    if row.kind == IDENTITY and hint in Identity.Kind:
        hint = str(Identity.Kind(hint).label)
    if where := row.where(text):
        hint += f" · {where}: {text}"
    label = row.name or _("Balance without an indicator")
    return Hit(label, url_of(url_name, row.public_id), hint)


def _transactions(text: str, size: int) -> Group:
    """By any part of reference or description, by amount, or by a value they carry."""
    found = find_transactions(text, size + 1)
    hits = [
        Hit(
            each.reference,
            each.get_absolute_url(),
            " · ".join(filter(None, _facts_of(each, text))),
        )
        for each in found
    ]
    reasons = {each.why for each in found}
    condition = Condition("text", "contains", (text,))
    if reasons == {Why.AMOUNT}:
        condition = Condition("amount", "is", (text,))
    where = str(condition) if reasons <= {Why.TEXT} or reasons == {Why.AMOUNT} else ""
    all_url = _all_url("transactions:list", where=where) if where else ""
    all_label = _("All transactions with “%(text)s”") % {"text": isolate(text)}
    return _group(_("Transactions"), hits, size, all_url, all_label)


def _facts_of(hit: FoundHit, text: str) -> Sequence[str]:
    why = {
        Why.METADATA: _("extra information: %(text)s") % {"text": text},
        Why.SIMILAR: _("similar words"),
    }.get(hit.why, "")
    description = hit.description
    if len(description) > DESCRIPTION_MAX:
        description = f"{description[:DESCRIPTION_MAX].rstrip()}…"
    return (hit.amount, format_date(hit.effective_at), description, why)


def _schedules(text: str, size: int) -> Group:
    hits = [
        Hit(reference, url_of("schedules:detail", public_id), format_date(due_at))
        for public_id, reference, due_at in fetch_planned(SCHEDULES, [text, size + 1])
    ]
    return _group(_("Schedules"), hits, size)


def _records_of(model: type[Record]) -> QuerySet[Any]:
    """With what they are named by."""
    if model is Balance:
        return Balance.objects.select_related("identity")
    return model._default_manager.all()


def _name_of(record: Record) -> str:
    match record:
        case Ledger() | Identity():
            return record.name
        case Balance():
            return f"{name_of(record)}, {record.currency_id}"
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
        records = _records_of(model).filter(public_id__in=ids) if ids else ()
        found |= {record.key: record for record in records}
    return [hit_of(found[key]) for key in wanted if key in found]
