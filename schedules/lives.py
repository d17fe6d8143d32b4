"""What the transactions table puts below its rows: the life of an event, and schedules as rows."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.naming import link_tag
from schedules.listing import scheduled_before
from schedules.models import Schedule
from schedules.rows import ScheduleRow, format_rows
from schedules.states import STATE_OF
from transactions.life import read_life
from transactions.models import Transaction
from transactions.rows import TransactionRow
from transactions.states import SCHEDULED
from web.query import url_with

# A schedule that was posted stands below its transaction, as where that came from.
STATE_OF_ROW = {**STATE_OF, Schedule.State.POSTED: SCHEDULED}


def rows_of_events(request: HttpRequest, rows: Sequence[TransactionRow]) -> list[TransactionRow]:
    """The rows, each with a link to open what belongs to it; and that of `?open=` below its row."""
    scheduled = scheduled_before([row["pk"] for row in rows])
    opened = request.GET.get("open")
    shown: list[TransactionRow] = []
    for row in rows:
        shown.append(row)
        if not (row["has_life"] or row["pk"] in scheduled):
            continue
        is_open = row["key"] == opened
        row["life"] = _link_to_life(request, row, is_open=is_open)
        if is_open:
            row["css"] = f"{row['css']} opened".strip()
            shown += _read_life(row, is_scheduled=row["pk"] in scheduled)
    return shown


def rows_of_schedules(schedules: Sequence[Schedule], *, new: str = "") -> list[TransactionRow]:
    """As rows of the same table, each with the reason of its rejection."""
    formatted = format_rows(schedules, new=new)
    return [_as_row(schedule, row) for schedule, row in zip(schedules, formatted, strict=True)]


def _as_row(schedule: Schedule, row: ScheduleRow) -> TransactionRow:
    return {
        "pk": schedule.pk,
        "key": schedule.key,
        "url": row["url"],
        "css": "new" if row["is_new"] else "",
        "is_new": row["is_new"],
        "effective": row["effective"],
        "reference": row["reference"],
        "description": row["description"],
        "note": row["reason"],
        "kind": _("Hold") if schedule.request["kind"] == Transaction.Kind.HOLD else "",
        "amount": row["amount"],
        "is_long": row["is_long"],
        "currency": row["currency"],
        "part": "",
        "source": row["source"],
        "destination": row["destination"],
        "status": STATE_OF_ROW[schedule.state].tag(),
        "has_life": False,
        "life": "",
    }


def _link_to_life(request: HttpRequest, row: TransactionRow, *, is_open: bool) -> SafeString:
    """A link that opens it below the row, or closes it; the page stays where it is."""
    url = url_with(
        request, open="" if is_open else row["key"], cursor=request.GET.get("cursor", "")
    )
    return format_html(
        '<a class="life" id="life-{key}" href="{url}#life-{key}" aria-expanded="{expanded}"'
        ' hx-get="{url}" hx-target="#transaction-table" hx-swap="outerHTML"'
        ' hx-push-url="true">{label}</a>',
        key=row["key"],
        url=url,
        expanded="true" if is_open else "false",
        label=_("Life"),
    )


def _read_life(head: TransactionRow, *, is_scheduled: bool) -> list[TransactionRow]:
    """The schedule that it came from, and what followed it."""
    rows: list[TransactionRow] = []
    if is_scheduled:
        rows += rows_of_schedules([Schedule.objects.get(transaction=head["pk"])])
    followers, has_more = read_life(head["pk"])
    rows += followers
    for row in rows:
        row["css"] = "follower"
    if rows:
        rows[-1]["css"] = "follower last"
    if has_more:
        rows[-1]["life"] = link_tag(head["url"], _("All of it is on its page"))
    return rows
