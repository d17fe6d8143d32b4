from __future__ import annotations

import logging
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from web import samples
from web.htmx import HtmxHttpRequest, render_page

logger = logging.getLogger(__name__)


def styleguide(request: HtmxHttpRequest) -> HttpResponse:
    if not getattr(request.user, "is_staff", False):
        raise PermissionDenied
    return render_page(request, "web/styleguide.html", samples.styleguide_context(request))


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for a bug, with a number that leads to the traceback in the log.

    It asks neither the database nor the session for anything: they may be what failed.
    """
    error_id = uuid4().hex[:12]
    logger.error("Error %s at %s", error_id, request.path, exc_info=True)
    return HttpResponse(render_to_string("500.html", {"error_id": error_id}), status=500)
