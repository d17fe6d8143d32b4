"""How a view answers htmx: whole pages, fragments of pages, and the slide-over.

Three kinds of GET reach the same view and the same template:

* a browser loads the page: the whole template is rendered;
* htmx refreshes a region (a table): only the partial of that name is rendered;
* a link with `data-slide-over` opens a form beside the table: the request carries
  `HX-Target: slide-over`, and only the partial `slide-over-content` is rendered.

A create view follows this pattern, and needs nothing else for any of them::

    @require_http_methods(["GET", "POST"])
    def ledger_create(request: HtmxHttpRequest) -> HttpResponse:
        form = open_form(request, LedgerForm)              # web.forms
        if form.is_valid():
            try:
                ledger = create_ledger(name=form.cleaned_data["name"], actor=request.user)
            except LedgerNameTakenError as error:
                form.add_error("name", str(error))
            else:
                messages.success(request, _("Ledger %(name)s created.") % {"name": ledger.name})
                return finish_form(
                    request, url=ledger.get_absolute_url(), event="ledgerCreated", key=ledger.key
                )
        status = 422 if form.errors else 200
        return render_page(
            request, "ledgers/ledger_form.html", {"form": form}, status=status
        )

and its template wraps the whole content in one partial::

    {% extends "base.html" %}
    {% block title %}{% translate "Create ledger" %}{% endblock %}
    {% block content %}
    {% partialdef slide-over-content inline %}
    <form {% form_attributes %}>
      {% csrf_token %}
      {% include "components/_form_head.html" with heading=_("Create ledger") %}
      {{ form }}
      {% include "components/_form_actions.html" with submit=_("Create ledger") cancel=back %}
    </form>
    {% endpartialdef %}
    {% endblock %}

What then happens:

==================  ===========================  ==========================================
                    page (no JavaScript too)     slide-over
==================  ===========================  ==========================================
GET                 whole page                   `slide-over-content`, put in the dialog
POST refused (422)  whole page, errors focused   `slide-over-content` again, errors focused
POST accepted       302 to `url`                 204; the dialog closes, focus returns, and
                                                 `event` is fired on `body` with the key; if
                                                 nothing on the page listens, `url` opens
==================  ===========================  ==========================================

A table that wants to know says so, and marks the row whose key is `?new=`::

    <div id="ledger-table" hx-get="{{ request.get_full_path }}" hx-target="this"
         hx-swap="outerHTML" hx-trigger="ledgerCreated from:body">

The key travels as the parameter `new`, so the view reads `request.GET.get("new")`.
Messages set by the view are carried by that refresh, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

SLIDE_OVER = "slide-over"
SLIDE_OVER_PARTIAL = "slide-over-content"
VARY = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request", "HX-Target")


class HtmxHttpRequest(HttpRequest):
    """A request that passed `django_htmx.middleware.HtmxMiddleware`."""

    htmx: HtmxDetails


def wants_fragment(request: HtmxHttpRequest) -> bool:
    """Whether htmx asks for a part of a page.

    Boosted navigation and history restores replace the whole body: they get the page.
    """
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def in_slide_over(request: HtmxHttpRequest) -> bool:
    """Whether the answer will be shown in the slide-over."""
    return wants_fragment(request) and request.htmx.target == SLIDE_OVER


def render_page(
    request: HtmxHttpRequest,
    template_name: str,
    context: Mapping[str, Any],
    *,
    partial: str = SLIDE_OVER_PARTIAL,
    status: int = 200,
) -> HttpResponse:
    """Render `template_name`, or only one of its partials when htmx asks for a fragment.

    `partial` is what a region of this page refreshes with. For the slide-over it is
    always `slide-over-content`, and the template finds `slide_over` true in its context.
    A fragment brings the waiting messages along (out of band); `Vary` stops a cache from
    serving a fragment as a page.
    """
    slide_over = in_slide_over(request)
    fragment = wants_fragment(request)
    if fragment:
        template_name = f"{template_name}#{SLIDE_OVER_PARTIAL if slide_over else partial}"
    response = render(request, template_name, {**context, "slide_over": slide_over}, status=status)
    if fragment and not slide_over:
        _append_messages(request, response)
    patch_vary_headers(response, VARY)
    return response


def finish_form(
    request: HtmxHttpRequest, *, url: str, event: str = "", key: str = ""
) -> HttpResponse:
    """Leave a form whose work is done.

    On a page: redirect to `url`. In the slide-over: close it and fire `event` (with
    `key`, such as "ldg_…") for the tables that listen; without a listener open `url`.
    """
    if not in_slide_over(request):
        return redirect(url)
    detail = {"url": url, "event": event, "key": key}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"slideOverDone": detail})})


def _append_messages(request: HtmxHttpRequest, response: HttpResponse) -> None:
    if len(get_messages(request)):
        response.write(
            render_to_string("components/_messages.html", {"out_of_band": True}, request)
        )
