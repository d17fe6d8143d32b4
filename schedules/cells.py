"""The cells of a row of the transactions table, be it a transaction or a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.naming import link_tag
from transactions.models import Transaction
from transactions.row_details import Details
from transactions.rows import TransactionRow
from web.addresses import url_of
from web.formatting import ROWS_KEPT, Dates
from web.tables.definition import Cell, TableRow


def table_row(
    row: TransactionRow, details: Details | None, dates: Dates, *, date_column: str = "effective"
) -> TableRow:
    """The row as the table prints it; `details` are what is told on demand."""
    cells: dict[str, str | Cell] = {
        date_column: row["effective"],
        "reference": _reference(
            row["url"],
            row["reference"],
            (row["kind"], _("new") if row["is_new"] else ""),
            SafeString(f'{row["life"]}<small class="only-s">{row["status"]}</small>'),
            row["note"],
        ),
        "description": _isolated(row["description"]),
        "from": row["source"],
        "to": row["destination"],
        "status": row["status"],
        "amount": _amount(
            row["url"], row["amount"], row["currency"], row["part"], is_long=row["is_long"]
        ),
        "currency": row["currency"],
        "id": row["key"],
    }
    return TableRow(
        key=row["key"],
        url=row["url"],
        quick=f"{row['url']}quick/",
        css=row["css"],
        metadata=details.metadata if details else None,
        cells=cells if details is None else {**cells, **_on_demand(details, dates)},
        name=row["reference"],
    )


@lru_cache(maxsize=ROWS_KEPT)
def _isolated(text: str) -> SafeString:
    return SafeString(f"<bdi>{escape(text)}</bdi>")


@lru_cache(maxsize=ROWS_KEPT)
def _reference(
    url: str, reference: str, tags: tuple[str, str], rest: SafeString, note: str
) -> SafeString:
    kind, new = tags
    parts = [f'<a class="id" href="{escape(url)}"><bdi>{escape(reference)}</bdi></a>']
    if kind:
        parts.append(f'<span class="tag plain">{escape(kind)}</span>')
    if new:
        parts.append(f'<span class="tag">{escape(new)}</span>')
    parts.append(f" {rest}")
    if note:
        parts.append(f'<span class="note">{escape(note)}</span>')
    return SafeString("".join(parts))  # every text went through escape(); the rest is ready HTML


@lru_cache(maxsize=ROWS_KEPT)
def _amount(url: str, amount: str, currency: str, part: str, *, is_long: bool) -> Cell:
    parts = [f'<a href="{escape(url)}">{escape(amount)}</a>']
    if currency:
        parts.append(f'<span class="ccy">{escape(currency)}</span>')
    if part:
        parts.append(f'<span class="note">{escape(part)}</span>')
    return Cell(SafeString("".join(parts)), "long" if is_long else "")


def _on_demand(details: Details, dates: Dates) -> Mapping[str, str]:
    return {
        "created": dates.time_tag(details.created_at),
        "created_by": SafeString(f"<bdi>{escape(details.actor or _('system'))}</bdi>"),
        "kind": str(Transaction.Kind(details.kind).label),
        "parent": (
            link_tag(url_of("transactions:detail", details.parent), details.parent_reference)
            if details.parent
            else "—"
        ),
        "batch": details.batch or "—",
    }
