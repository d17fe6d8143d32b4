"""The rows of the Balances table, on the page and in files."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from balances.models import Balance
from balances.naming import name_balance, shown_minor
from balances.rows import BalanceRow, is_closed_at
from ledgers.money import format_amount, format_plain
from web.addresses import url_of
from web.as_of import Moment
from web.formatting import active_dates, format_count
from web.tables.definition import Cell, TableRow


def table_row(row: Mapping[str, Any], ready: BalanceRow, names: set[str]) -> TableRow:
    """A row of the page.

    `ready` holds what every table of balances prints; `names` are the columns that stand.
    """
    cells: dict[str, str | Cell] = {
        "owner": _title(ready),
        "ledger": ready["ledger_link"],
        "currency": ready["currency"],
        "balance": Cell(ready["figure_tag"], ready["figure_css"].removeprefix("num").strip()),
        "inflight": Cell(ready["inflight_tag"], "muted" if ready["has_no_inflight"] else ""),
        "created": ready["created"],
        "glance": ready["glance"],
        "id": f"bln_{row['public_id']}",
    }
    if names - cells.keys():
        cells |= _rarer_cells(row, ready)
    return TableRow(
        key=f"bln_{row['public_id']}",
        url=ready["url"],
        quick=f"{ready['url'].partition('?')[0]}quick/" if ready["is_now"] else "",
        css="new" if ready["is_new"] else "",
        metadata=row["metadata"],
        cells=cells,
        name=f"{ready['title']}, {ready['currency']}",
    )


def _title(ready: BalanceRow) -> SafeString:
    tags = ""
    if ready["is_closed"]:
        tags += f'<span class="tag plain">{escape(gettext("closed"))}</span>'
    if ready["is_new"]:
        tags += f'<span class="tag">{escape(gettext("new"))}</span>'
    return SafeString(f"{ready['link']}{tags}")  # ready HTML, and what went through escape()


def _rarer_cells(row: Mapping[str, Any], ready: BalanceRow) -> dict[str, str | Cell]:
    exponent = row["currency__exponent"]
    floor_minor, events = row["floor_minor"], row["transaction_count"] - row["follower_count"]
    return {
        "credits": format_amount(int(row["credit_minor"]), exponent),
        "debits": format_amount(int(row["debit_minor"]), exponent),
        "transactions": format_html(
            '<a href="{}?balance=bln_{}" data-figure="count">{}</a>',
            url_of("transactions:list"),
            row["public_id"],
            format_count(events),
        ),
        "floor": "" if floor_minor is None else format_amount(int(floor_minor), exponent),
        "activity": active_dates().since_tag(row["last_entry_at"]),
        "side": str(Balance.NormalSide(row["normal_side"]).label),
    }


def plain_row(row: Mapping[str, Any], moment: Moment) -> Mapping[str, str]:
    """A row of a file: amounts exact, in units of the currency, dates as programs read them."""
    exponent, side = row["currency__exponent"], row["normal_side"]

    def plain(minor: int) -> str:
        return format_plain(int(minor), exponent)

    floor_minor, active_at = row["floor_minor"], row["last_entry_at"]
    held = row["inflight_credit_minor"] - row["inflight_debit_minor"]
    return {
        "owner": name_balance(
            indicator=row["indicator"], owner=row["identity__name"], public_id=row["public_id"]
        ),
        "closed": row["closed_at"].isoformat() if is_closed_at(row["closed_at"], moment) else "",
        "ledger": row["ledger__name"],
        "currency": row["currency_id"],
        "balance": plain(shown_minor(int(row["credit_minor"] - row["debit_minor"]), side)),
        "inflight": plain(shown_minor(int(held), side)),
        "credits": plain(row["credit_minor"]),
        "debits": plain(row["debit_minor"]),
        "transactions": str(row["transaction_count"] - row["follower_count"]),
        "floor": "" if floor_minor is None else plain(floor_minor),
        "activity": active_at.isoformat() if active_at else "",
        "created": row["created_at"].isoformat(),
        "glance": "",
        "side": str(Balance.NormalSide(side).label),
        "id": f"bln_{row['public_id']}",
    }
