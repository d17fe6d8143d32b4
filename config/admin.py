from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _


class AdminSite(admin.AdminSite):
    """The operators' site, entered by the one login page."""

    site_header = _("Daybook administration")
    site_title = _("Daybook administration")

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Let in who has signed in already: everybody else is sent to the login page before."""
        if not self.has_permission(request):
            raise PermissionDenied
        target = request.GET.get("next", "")
        here = url_has_allowed_host_and_scheme(
            target, {request.get_host()}, require_https=request.is_secure()
        )
        return redirect(target if here else "admin:index")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Operators change their own password where everybody does, with an audit event."""
        return redirect("password_change")
