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
from identities.forms import IdentityForm, ProfileForm
from identities.models import Identity
from identities.operations import change_identity, create_identity
from identities.records import describe_record
from users.models import User
from web.converters import parse_key
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, render_page
from web.suggestions import SUGGESTIONS_MAX, Suggestion, render_suggestions
from web.text import isolate, search_text


@require_http_methods(["GET", "POST"])
def identity_create(request: HtmxHttpRequest) -> HttpResponse:
    form = open_form(request, IdentityForm, initial={"public_id": uuid4()})
    if form.is_valid():
        identity = create_identity(**form.cleaned_data, actor=cast(User, request.user))
        _tell_created(request, identity, name=form.cleaned_data["name"])
        return finish_form(
            request, url=identity.get_absolute_url(), event="identityCreated", key=identity.key
        )
    status = 422 if form.errors else 200
    return render_page(request, "identities/identity_create.html", {"form": form}, status=status)


def _tell_created(request: HtmxHttpRequest, identity: Identity, *, name: str) -> None:
    if identity.name == name:
        messages.success(request, _("Identity %(name)s created.") % {"name": isolate(name)})
    else:
        told = _("That form had created %(name)s before, so nothing was added. Open a new form.")
        messages.warning(request, told % {"name": isolate(identity.name)})


@require_http_methods(["GET", "POST"])
def identity_edit(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    identity = get_object_or_404(Identity, public_id=public_id)
    profile = {"kind": identity.kind, "name": identity.name, "email": identity.email}
    form = open_form(request, ProfileForm, initial=profile)
    if form.is_valid():
        change_identity(identity, **form.cleaned_data, actor=cast(User, request.user))
        messages.success(
            request, _("Changes to %(name)s saved.") % {"name": isolate(form.cleaned_data["name"])}
        )
        return finish_form(request, url=identity.get_absolute_url())
    context = {"identity": identity, "form": form}
    status = 422 if form.errors else 200
    return render_page(request, "identities/identity_edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
def identity_metadata(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    identity = get_object_or_404(Identity, public_id=public_id)
    return edit_metadata(request, identity, name=identity.name)


@require_safe
def identity_info(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    identity = get_object_or_404(Identity, public_id=public_id)
    return show_info(
        request,
        identity,
        name=identity.name,
        facts="identities/_identity_facts.html",
        record=describe_record(identity),
    )


@require_safe
def identity_suggest(request: HtmxHttpRequest) -> HttpResponse:
    text = search_text(request)
    matches = Q(name__icontains=text) | Q(email__icontains=text)
    if public_id := parse_key(text, "idt"):
        matches |= Q(public_id=public_id)
    identities = Identity.objects.filter(matches).order_by("name", "pk")[:SUGGESTIONS_MAX]
    return render_suggestions(
        request,
        [
            Suggestion(identity.key, identity.name, identity.email or identity.get_kind_display())
            for identity in identities
        ],
    )
