"""The trial balance as a file: every line of it, and the foot of each currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from balances.naming import name_balance
from ledgers.money import format_plain
from reports.trial_balance import (
    BALANCE_ORDER,
    LEDGER_ORDER,
    Figures,
    Scope,
    TotalLine,
    balance_lines,
    balances_of,
    ledger_lines,
    ledgers_of,
    total_lines,
)
from web.as_of import CLOCKS
from web.files import Column, Table
from web.formatting import format_datetime, zone_name
from web.pagination import paginate

CHUNK = 500
CSV = "csv"


class NotTiedError(Exception):
    """The lines do not add up to the totals: such a file is not made."""


def name_file(scope: Scope) -> str:
    """What a download is called, without its ending: of what, since and as of when."""
    parts = [_("trial-balance"), scope.ledger.name if scope.ledger else "", scope.currency]
    if scope.start is not None:
        parts.append(f"from-{timezone.localdate(scope.start)}")
    return "-".join(part for part in (*parts, scope.moment.file_name) if part)


def make_table(scope: Scope, *, kind: str, now: datetime) -> Table:
    """The whole trial balance; read it within the snapshot that it was made in, at `now`.

    A CSV file holds the lines alone, for programs; each says of which moments it is.

    Raises:
        NotTiedError: from the rows, when the lines do not add up to the totals.
    """
    totals = [each for each in total_lines(scope) if scope.currency in ("", each.currency)]
    subject = [_("Ledger"), _("Ledger id")]
    if scope.ledger:
        subject += [_("Balance"), _("Balance id")]
    columns = [Column(name) for name in (*subject, _("Currency"))]
    columns += [
        Column(name, is_number=True)
        for name in (
            _("Opening debit"),
            _("Opening credit"),
            _("Debits"),
            _("Credits"),
            _("Closing debit"),
            _("Closing credit"),
        )
    ]
    rows = _rows(scope, totals, width=len(subject), has_feet=kind != CSV)
    if kind == CSV:
        columns += [Column(name) for name in (_("From"), *map(str, CLOCKS))]
        clocks = [_start(scope), *scope.moment.clocks(now)]
        rows = ([*row, *clocks] for row in rows)
    return Table(
        title=_("Trial balance"), subtitle=_subtitle(scope, now), columns=columns, rows=rows
    )


def _subtitle(scope: Scope, now: datetime) -> list[str]:
    lines = [scope.ledger.name if scope.ledger else _("All ledgers")]
    if scope.start is not None:
        lines.append(_("From %(when)s") % {"when": format_datetime(scope.start)})
    return [
        *lines,
        *scope.moment.describe(now),
        _("Times are in %(zone)s") % {"zone": zone_name()},
    ]


def _start(scope: Scope) -> str:
    """The first moment that counts; "" for the first entry."""
    return "" if scope.start is None else timezone.localtime(scope.start).isoformat()


def _rows(
    scope: Scope, totals: Sequence[TotalLine], *, width: int, has_feet: bool
) -> Iterator[list[str]]:
    added: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 6)
    for subject, currency, exponent, figures in _lines(scope):
        amounts = _amounts(figures)
        added[currency] = [sum(pair) for pair in zip(added[currency], amounts, strict=True)]
        yield [*subject, currency, *(format_plain(amount, exponent) for amount in amounts)]
    for total in totals:
        amounts = _amounts_of_total(total)
        if added.pop(total.currency, [0] * 6) != amounts:
            raise NotTiedError
        if has_feet:
            name = [_("Total"), *[""] * (width - 1)]
            yield [*name, total.currency, *(format_plain(each, total.exponent) for each in amounts)]
    if added:
        raise NotTiedError


def _lines(scope: Scope) -> Iterator[tuple[list[str], str, int, Figures]]:
    """Who, in which currency, with how many decimals, and what."""
    source, order = ledgers_of(scope), LEDGER_ORDER
    if scope.ledger:
        source, order = balances_of(scope), BALANCE_ORDER
    cursor = None
    while True:
        page = paginate(source, order=order, cursor=cursor, size=CHUNK)
        if scope.ledger:
            for line in balance_lines(scope, page.rows):
                row = line.balance
                subject = [scope.ledger.name, scope.ledger.key, *_balance(row)]
                yield subject, row["currency_id"], row["currency__exponent"], line.figures
        else:
            for each in ledger_lines(scope, page.rows):
                subject = [each.ledger["name"], f"ldg_{each.ledger['public_id']}"]
                yield subject, each.currency, each.exponent, each.figures
        cursor = page.next_cursor
        if cursor is None:
            return


def _balance(row: Any) -> list[str]:
    name = name_balance(
        indicator=row["indicator"], owner=row["identity__name"], public_id=row["public_id"]
    )
    return [name, f"bln_{row['public_id']}"]


def _amounts(figures: Figures) -> list[int]:
    opening, closing = figures.opening.net_minor, figures.closing.net_minor
    return [
        max(-opening, 0),
        max(opening, 0),
        figures.debit_minor,
        figures.credit_minor,
        max(-closing, 0),
        max(closing, 0),
    ]


def _amounts_of_total(total: TotalLine) -> list[int]:
    return [
        total.opening_debit_minor,
        total.opening_credit_minor,
        total.debit_minor,
        total.credit_minor,
        total.closing_debit_minor,
        total.closing_credit_minor,
    ]
