from __future__ import annotations

from typing import cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from audit.views import edit_metadata, show_info
from ledgers.forms import LedgerForm, RenameForm
from ledgers.models import Ledger
from ledgers.operations import create_ledger, find_namesake, rename_ledger
from ledgers.records import describe_record
from users.models import User
from web.converters import parse_key
from web.formatting import format_date
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, render_page
from web.suggestions import SUGGESTIONS_MAX, Suggestion, render_suggestions
from web.text import isolate, search_text


@require_http_methods(["GET", "POST"])
def ledger_create(request: HtmxHttpRequest) -> HttpResponse:
    form = open_form(request, LedgerForm, initial={"public_id": uuid4()})
    if form.is_valid():
        given = form.cleaned_data
        namesake = None if given["is_namesake_meant"] else find_namesake(given["name"])
        # Sent a second time, the form finds the ledger that it made.
        if namesake and namesake.public_id != given["public_id"]:
            form.point_out(namesake)
        else:
            ledger = create_ledger(
                name=given["name"],
                metadata=given["metadata"],
                public_id=given["public_id"],
                actor=cast(User, request.user),
            )
            _tell_created(request, ledger, name=given["name"])
            return finish_form(
                request, url=ledger.get_absolute_url(), event="ledgerCreated", key=ledger.key
            )
    status = 422 if form.errors else 200
    return render_page(request, "ledgers/ledger_create.html", {"form": form}, status=status)


def _tell_created(request: HtmxHttpRequest, ledger: Ledger, *, name: str) -> None:
    if ledger.name == name:
        messages.success(request, _("Ledger %(name)s created.") % {"name": isolate(name)})
    else:
        told = _("That form had created %(name)s before, so nothing was added. Open a new form.")
        messages.warning(request, told % {"name": isolate(ledger.name)})


@require_http_methods(["GET", "POST"])
def ledger_rename(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    ledger = get_object_or_404(Ledger, public_id=public_id)
    form = open_form(request, RenameForm, initial={"name": ledger.name})
    if form.is_valid():
        name = form.cleaned_data["name"]
        is_namesake_meant = form.cleaned_data["is_namesake_meant"]
        namesake = None if is_namesake_meant else find_namesake(name, other_than=ledger)
        if namesake:
            form.point_out(namesake)
        else:
            rename_ledger(ledger, name=name, actor=cast(User, request.user))
            messages.success(
                request, _("The ledger is now called %(name)s.") % {"name": isolate(name)}
            )
            return finish_form(request, url=ledger.get_absolute_url())
    context = {"ledger": ledger, "form": form}
    status = 422 if form.errors else 200
    return render_page(request, "ledgers/ledger_rename.html", context, status=status)


@require_http_methods(["GET", "POST"])
def ledger_metadata(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    ledger = get_object_or_404(Ledger, public_id=public_id)
    return edit_metadata(request, ledger, name=ledger.name)


@require_safe
def ledger_info(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    ledger = get_object_or_404(Ledger, public_id=public_id)
    return show_info(
        request,
        ledger,
        name=ledger.name,
        facts="ledgers/_ledger_facts.html",
        record=describe_record(ledger),
    )


@require_safe
def ledger_suggest(request: HtmxHttpRequest) -> HttpResponse:
    text = search_text(request)
    matches = Q(name__icontains=text)
    if public_id := parse_key(text, "ldg"):
        matches |= Q(public_id=public_id)
    ledgers = Ledger.objects.filter(matches).order_by("-is_general", "name", "pk")
    return render_suggestions(
        request,
        [
            Suggestion(ledger.key, ledger.name, format_date(ledger.created_at))
            for ledger in ledgers.only("public_id", "name", "created_at")[:SUGGESTIONS_MAX]
        ],
    )
