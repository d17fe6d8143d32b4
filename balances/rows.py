"""The rows of a balances table as ready strings: a page's cost is that of its template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any, TypedDict

from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.models import Balance
from balances.naming import link_tag, name_balance, shown_minor
from identities.models import Identity
from ledgers.models import Ledger
from ledgers.money import LONG, format_amount
from web.addresses import url_of
from web.as_of import NOW, Moment
from web.formatting import ROWS_KEPT, Reader, active_reader
from web.statements import fetch_all

# By the names that a queryset gives them.
FIELDS = (
    "id",
    "public_id",
    "created_at",
    "currency_id",
    "currency__exponent",
    "normal_side",
    "credit_minor",
    "debit_minor",
    "inflight_credit_minor",
    "inflight_debit_minor",
    "indicator",
    "closed_at",
    "identity__name",
    "identity__public_id",
    "ledger__name",
    "ledger__public_id",
    "ledger_id",
    "identity_id",
)
# What `format_rows` needs, and the order of a page; built once, since resolving the names takes
# as long as reading the rows.
ROWS: QuerySet[Balance, Any] = Balance.objects.values(*FIELDS)
# A range, as in `select_along`; joined after the limit, so that ten rows are.
NEWEST = """
SELECT b.id, b.public_id, b.created_at, b.currency, c.exponent, b.normal_side, b.credit_minor,
       b.debit_minor, b.inflight_credit_minor, b.inflight_debit_minor, b.indicator, b.closed_at,
       i.name, i.public_id, l.name, l.public_id, b.ledger_id, b.identity_id
FROM (
    SELECT * FROM balances_balance
    WHERE {column} BETWEEN %s AND %s AND created_at <= coalesce(%s, 'infinity'::timestamptz)
    ORDER BY {column} DESC, created_at DESC, id DESC LIMIT 10
) AS b
JOIN ledgers_ledger AS l ON l.id = b.ledger_id
JOIN ledgers_currency AS c ON c.code = b.currency
LEFT JOIN identities_identity AS i ON i.id = b.identity_id
ORDER BY b.created_at DESC, b.id DESC
"""


class BalanceRow(TypedDict):
    """One balance as the table prints it."""

    url: str
    is_new: bool
    currency: str
    link: SafeString
    balance: str
    figure_css: str
    is_negative: bool
    is_debit_normal: bool
    inflight: str
    has_no_inflight: bool
    # Both as the cells of a table that link to the balance.
    figure_tag: SafeString
    inflight_tag: SafeString
    title: str
    ledger_link: SafeString
    created: SafeString | str
    is_closed: bool
    is_now: bool
    glance: SafeString


def newest_of_ledger(
    ledger: Ledger, *, recorded_by: datetime | None = None
) -> list[dict[str, Any]]:
    """What `format_rows` needs, of the balances opened last in a ledger; or by then."""
    return _newest("ledger_id", ledger.pk, recorded_by)


def newest_of_owner(identity: Identity) -> list[dict[str, Any]]:
    """What `format_rows` needs, of the balances opened last for an owner."""
    return _newest("identity_id", identity.pk)


def _newest(column: str, key: int, recorded_by: datetime | None = None) -> list[dict[str, Any]]:
    rows = fetch_all(NEWEST.format(column=column), [key, key, recorded_by])
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of one table share; looked up once."""

    balances_url: str
    ledgers_url: str
    moment: Moment
    by_ledger: bool
    reader: Reader


def format_rows(
    rows: Iterable[dict[str, Any]],
    *,
    by_ledger: bool = False,
    new: str = "",
    moment: Moment = NOW,
) -> list[BalanceRow]:
    """Rows of `ROWS`, formatted. The one with the key `new` is marked.

    The title is the balance's own, or `by_ledger` that of its ledger, where all have one owner.
    Their figures are those of `moment`, which the links keep.
    """
    shared = Surroundings(
        url_of("balances:list"), url_of("ledgers:list"), moment, by_ledger, active_reader()
    )
    formatted = []
    for row in rows:
        is_new = f"bln_{row['public_id']}" == new
        # A copy: what is kept must stay as it is.
        formatted.append(_format_row(tuple([row[name] for name in FIELDS]), shared, is_new).copy())
    return formatted


@lru_cache(maxsize=ROWS_KEPT)
def _format_row(
    values: tuple[Any, ...],
    shared: Surroundings,
    is_new: bool,
) -> BalanceRow:
    row = dict(zip(FIELDS, values, strict=True))
    exponent, side = row["currency__exponent"], row["normal_side"]
    minor = shown_minor(int(row["credit_minor"]) - int(row["debit_minor"]), side)
    figure = format_amount(minor, exponent)
    held_credits, held_debits = int(row["inflight_credit_minor"]), int(row["inflight_debit_minor"])
    inflight = format_amount(shown_minor(held_credits - held_debits, side), exponent)
    is_held = bool(held_credits or held_debits)
    key = f"bln_{row['public_id']}"
    url = f"{shared.balances_url}{key}/{shared.moment.suffix}"
    name = name_balance(
        indicator=row["indicator"], owner=row["identity__name"], public_id=row["public_id"]
    )
    return {
        "url": url,
        "is_new": is_new,
        "currency": row["currency_id"],
        "link": link_tag(url, name),
        "balance": figure,
        "figure_css": f"num{' neg' * (minor < 0)}{' long' * (len(figure) > LONG)}",
        "is_negative": minor < 0,
        "is_debit_normal": side == Balance.NormalSide.DEBIT,
        "inflight": inflight,
        "has_no_inflight": not is_held,
        "figure_tag": _figure_tag(
            url,
            figure,
            row["currency_id"],
            is_debit_normal=side == Balance.NormalSide.DEBIT,
            inflight=inflight if is_held and shared.moment.is_now else "",
        ),
        "inflight_tag": SafeString(f'<a href="{escape(url)}">{escape(inflight)}</a>'),
        "title": row["ledger__name"] if shared.by_ledger else name,
        "ledger_link": link_tag(
            f"{shared.ledgers_url}ldg_{row['ledger__public_id']}/{shared.moment.suffix}",
            row["ledger__name"],
        ),
        "created": shared.reader.dates.time_tag(row["created_at"]),
        "is_closed": is_closed_at(row["closed_at"], shared.moment),
        "is_now": shared.moment.is_now,
        "glance": _glance_tag(f"{shared.balances_url}{key}/quick/", _("Glance"), name),
    }


def is_closed_at(closed_at: datetime | None, moment: Moment) -> bool:
    """Whether a balance that was closed then is closed at the moment."""
    return closed_at is not None and (moment.is_now or closed_at < moment.before)


def _figure_tag(
    url: str, figure: str, currency: str, *, is_debit_normal: bool, inflight: str
) -> SafeString:
    """With its side where that is the rarer one; on a phone with its currency and inflight."""
    side = held = ""
    if is_debit_normal:
        title = escape(_("Debit-normal: debits less credits"))
        side = f'<abbr class="ccy" title="{title}">{escape(_("Dr"))}</abbr>'
    if inflight:
        words = escape(_("%(amount)s inflight") % {"amount": inflight})
        held = f'<small class="note only-s">{words}</small>'
    return SafeString(  # every text goes through escape()
        f'<a href="{escape(url)}">{escape(figure)}</a>{side}'
        f'<span class="ccy only-s">{escape(currency)}</span>{held}'
    )


def _glance_tag(url: str, label: str, name: str) -> SafeString:
    """A link that opens beside the table; read out with the name."""
    return SafeString(  # every text goes through escape()
        f'<a href="{escape(url)}" data-slide-over>{escape(label)}'
        f'<span class="visually-hidden"> <bdi>{escape(name)}</bdi></span></a>'
    )
