from __future__ import annotations

import logging
import sys
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import user_passes_test
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from config.postgresql.errors import is_database_lost
from web import samples
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, render_page
from web.suggestions import render_suggestions

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5


def _is_staff(user: object) -> bool:
    if not getattr(user, "is_staff", False):
        raise PermissionDenied
    return True


staff_only = user_passes_test(_is_staff)


@require_safe
@staff_only
def styleguide(request: HtmxHttpRequest) -> HttpResponse:
    context = samples.styleguide_context(request)
    return render_page(request, "web/styleguide.html", context, partial="sample-table")


@require_http_methods(["GET", "POST"])
@staff_only
def styleguide_form(request: HtmxHttpRequest) -> HttpResponse:
    form = open_form(request, samples.SampleForm)
    if form.is_valid():
        messages.success(request, _("The form was fine. Nothing was saved."))
        return finish_form(request, url=reverse("web:styleguide"), event="sampleCreated")
    status = 422 if form.errors else 200
    return render_page(request, "web/styleguide_form.html", {"form": form}, status=status)


@require_safe
@staff_only
def styleguide_suggest(request: HtmxHttpRequest) -> HttpResponse:
    return render_suggestions(request, samples.suggestions(request.GET.get("q", "")))


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for a bug, with a number that leads to the traceback in the log.

    It asks neither the database nor the session for anything: they may be what failed. A lost
    database is no bug: it answers 503, and says when to ask again.
    """
    error = sys.exception()
    if is_database_lost(error):
        logger.error("The database does not answer at %s: %s", request.path, error)
        page = HttpResponse(_render("503.html"), status=503)
        page.headers["Retry-After"] = str(RETRY_SECONDS)
        return page
    error_id = uuid4().hex[:12]
    logger.error("Error %s at %s", error_id, request.path, exc_info=True)
    return HttpResponse(_render("500.html", error_id=error_id), status=500)


def _render(template_name: str, **context: str) -> str:
    """The page; in bare words where even that breaks, as for a style that is not there."""
    try:
        return render_to_string(template_name, context)
    except Exception:
        logger.exception("%s cannot be shown", template_name)
        said = _("Something broke on our side")
        return f"<!doctype html><title>Daybook</title><h1>{said}</h1>{context.get('error_id', '')}"
