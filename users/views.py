from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from users.forms import PreferencesForm
from users.models import User
from users.operations import PREFERENCES, change_preferences
from web.htmx import HtmxHttpRequest


@require_http_methods(["GET", "POST"])
def preferences(request: HtmxHttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if request.method == "GET":
        form = PreferencesForm(initial={name: getattr(user, name) for name in PREFERENCES})
        return render(request, "users/preferences.html", {"form": form})
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("There is no such preference."))
        return redirect(_safe_next(request))
    user = change_preferences(user=user, **form.cleaned_data)
    if request.htmx:
        return trigger_client_event(HttpResponse(status=204), "themeChanged", {"theme": user.theme})
    if _safe_next(request) == request.path:
        messages.success(request, _("Your preferences are saved."))
    return redirect(_safe_next(request))


def _safe_next(request: HtmxHttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else "/"
