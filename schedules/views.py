from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.signing import BadSignature
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.history import latest_events
from schedules.legs import describe_terms, group_legs
from schedules.listing import LATE
from schedules.models import Schedule
from schedules.operations import DecidedError, cancel, mark_all_seen, mark_seen, post_now
from schedules.review import review_now
from schedules.states import STATE_OF
from transactions.errors import PostingError
from transactions.review import describe_review
from transactions.sealing import FiguresChangedError, Sealed
from users.models import User
from web.addresses import url_of
from web.formatting import format_count
from web.htmx import HtmxHttpRequest, finish_form, render_page
from web.records import get_record_or_404
from web.text import isolate

DETAIL, CANCEL = "schedules/schedule_detail.html", "schedules/schedule_cancel.html"
POST, REFUSED = "schedules/schedule_post.html", "schedules/schedule_refused.html"


@require_safe
def schedule_detail(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    schedule = get_record_or_404(Schedule, public_id, "actor", "transaction", "seen_by")
    now = timezone.now()
    is_waiting = schedule.state == Schedule.State.SCHEDULED
    context = {
        "schedule": schedule,
        "state": STATE_OF[schedule.state].tag(url_of("transactions:list")),
        "groups": group_legs(schedule),
        "is_waiting": is_waiting,
        "is_late": is_waiting and schedule.due_at < now - LATE,
        "until": timeuntil(schedule.due_at, now, depth=2) if schedule.due_at > now else "",
        "terms": describe_terms(schedule),
        "events": latest_events(schedule.key)[::-1],
    }
    return render_page(request, DETAIL, context, partial="schedule")


@require_http_methods(["GET", "POST"])
def schedule_cancel(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """The question whether; and, when it is sent, the end of the schedule."""
    schedule = get_record_or_404(Schedule, public_id)
    if request.method == "GET":
        if schedule.state != Schedule.State.SCHEDULED:
            return _refuse(request, schedule, DecidedError(schedule.state))
        return render_page(request, CANCEL, {"schedule": schedule})
    try:
        cancel(schedule, actor=cast(User, request.user))
    except PostingError as error:
        return _refuse(request, schedule, error)
    messages.success(request, _("%s will not be posted.") % isolate(schedule.reference))
    return finish_form(
        request, url=schedule.get_absolute_url(), event="scheduleDecided", key=schedule.key
    )


@require_POST
def schedule_seen(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """That somebody has seen to the rejection: Home does not tell of it any more."""
    schedule = get_record_or_404(Schedule, public_id)
    try:
        mark_seen(schedule, actor=cast(User, request.user))
    except PostingError as error:
        return _refuse(request, schedule, error)
    messages.success(request, _("%s is marked as seen.") % isolate(schedule.reference))
    return redirect(schedule)


@require_POST
def schedules_seen(request: HtmxHttpRequest) -> HttpResponse:
    """The same of all rejected up to the moment `until`, at which a page told how many."""
    until = _read_moment(request.POST.get("until", ""))
    if until is None:
        messages.error(request, _("Nothing was marked: the form said no moment."))
        return redirect("dashboard:home")
    try:
        count = mark_all_seen(until=until, actor=cast(User, request.user))
    except PostingError as error:
        messages.error(request, str(error))
    else:
        said = ngettext(
            "%(count)s rejected schedule is marked as seen.",
            "%(count)s rejected schedules are marked as seen.",
            count,
        )
        messages.success(request, said % {"count": format_count(count)})
    return redirect("dashboard:home")


def _read_moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


@require_http_methods(["GET", "POST"])
def schedule_post(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """The review of what posting it now would do; and, when that is sent back, the posting."""
    schedule = get_record_or_404(Schedule, public_id)
    if request.method == "GET":
        return _review(request, schedule)
    actor = cast(User, request.user)
    try:
        sealed = Sealed.read(request.POST.get("token", ""), actor, purpose=schedule.key)
        post_now(schedule, actor=actor, figures=sealed.figures)
    except (BadSignature, FiguresChangedError):
        return _review(request, schedule, is_changed=True)
    except PostingError as error:
        return _refuse(request, schedule, error)
    messages.success(request, _("Transaction %s posted.") % isolate(schedule.reference))
    return finish_form(
        request, url=schedule.get_absolute_url(), event="scheduleDecided", key=schedule.key
    )


def _review(
    request: HtmxHttpRequest, schedule: Schedule, *, is_changed: bool = False
) -> HttpResponse:
    if schedule.state != Schedule.State.SCHEDULED:
        return _refuse(request, schedule, DecidedError(schedule.state))
    now = timezone.now()
    try:
        reviewed = review_now(schedule, now=now)
    except PostingError as error:
        return _refuse(request, schedule, error)
    sealed = Sealed(None, reviewed.figures)
    context = {
        "schedule": schedule,
        "review": describe_review(reviewed, at=now),
        "is_early": schedule.due_at > now,
        "is_changed": is_changed,
        "token": sealed.token(cast(User, request.user), purpose=schedule.key),
    }
    return render_page(request, POST, context, status=422 if is_changed else 200)


def _refuse(request: HtmxHttpRequest, schedule: Schedule, error: PostingError) -> HttpResponse:
    context = {"schedule": schedule, "reason": str(error)}
    return render_page(request, REFUSED, context, status=422)
