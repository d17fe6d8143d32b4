"""A schedule at a glance, beside the table that it was opened from, or as a page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from schedules.models import Schedule
from schedules.rows import format_rows
from schedules.states import STATE_OF
from web.addresses import url_of
from web.htmx import HtmxHttpRequest, render_page
from web.records import get_record_or_404


@require_safe
def schedule_quick(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    schedule = get_record_or_404(Schedule, public_id, "actor", "transaction")
    (row,) = format_rows([schedule])
    context = {
        "schedule": schedule,
        "row": row,
        "state": STATE_OF[schedule.state].tag(url_of("transactions:list")),
        "is_waiting": schedule.state == Schedule.State.SCHEDULED,
    }
    return render_page(request, "schedules/schedule_quick.html", context)
