"""What the transactions table puts around its rows: tabs, counts, and the life below an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.naming import link_tag
from schedules.listing import STATES, scheduled_before, schedules_on
from schedules.models import Schedule
from schedules.rows import ScheduleRow, format_rows
from transactions import filters
from transactions.counts import Count, count_all
from transactions.filters import Tab, TransactionFilter
from transactions.life import read_life
from transactions.models import Transaction
from transactions.rows import TransactionRow
from transactions.states import CANCELLED, REJECTED, SCHEDULED, State
from web.formatting import format_count
from web.query import url_with

LABELS = {
    Tab.ALL: gettext_lazy("All"),
    Tab.POSTED: gettext_lazy("Posted"),
    Tab.INFLIGHT: gettext_lazy("Inflight"),
    Tab.SCHEDULED: gettext_lazy("Scheduled"),
    Tab.REJECTED: gettext_lazy("Rejected"),
    Tab.CANCELLED: gettext_lazy("Cancelled"),
}
# A schedule that was posted stands below its transaction, as where that came from.
STATE_OF: Mapping[str, State] = {
    Schedule.State.SCHEDULED: SCHEDULED,
    Schedule.State.POSTED: SCHEDULED,
    Schedule.State.REJECTED: REJECTED,
    Schedule.State.CANCELLED: CANCELLED,
}


class TabLink(TypedDict):
    label: str
    url: str
    count: str
    is_current: bool


def link_tabs(
    request: HttpRequest, chosen: TransactionFilter, counts: Mapping[Tab, Count]
) -> list[TabLink]:
    """The tabs with their counts; another tab has an order, and records, of its own."""
    fresh = {"records": "", "sort": "", "open": "", "count": ""}
    return [
        {
            "label": str(label),
            "url": url_with(request, tab=tab.value, **fresh),
            "count": counts[tab].text,
            "is_current": tab == chosen.tab,
        }
        for tab, label in LABELS.items()
    ]


def describe_count(request: HttpRequest, chosen: TransactionFilter, count: Count) -> str:
    """The count of a tab in words; a rounded one with a link that counts, however long it takes."""
    if not count.is_exact and request.GET.get("count") == "exact":
        is_scheduled = chosen.tab in STATES
        count = (
            Count.of(schedules_on(chosen.tab, chosen).count())
            if is_scheduled
            else count_all(chosen)
        )
    if chosen.tab not in STATES and chosen.is_cut():
        said = _("%(count)s among the first %(max)s references that begin so: type more of it")
        return said % {"count": count.text, "max": format_count(filters.REFERENCES_MAX)}
    if count.is_exact:
        return _name_count(chosen, count)
    exact_url = url_with(request, count="exact")
    said = _name_count(chosen, count) if count.text else ""
    return format_html('{} <a href="{}">{}</a>', said, exact_url, _("Count exactly"))


def _name_count(chosen: TransactionFilter, count: Count) -> str:
    if chosen.is_every:
        words = _("1 record") if count.text == "1" else _("%(count)s records")
    else:
        words = _("1 transaction") if count.text == "1" else _("%(count)s transactions")
    return words % {"count": count.text}


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
        "status": STATE_OF[schedule.state].tag(),
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
