from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

GetResponse = Callable[[HttpRequest], HttpResponse]
SHOWN_TO_DEVELOPERS = (HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR)


class ContentPolicyMiddleware:
    """The Content-Security-Policy of the settings; written once, as no view has one of its own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # What Django shows of an error to developers has styles of its own.
        if not (settings.DEBUG and response.status_code in SHOWN_TO_DEVELOPERS):
            response.headers.setdefault(HEADER, self.policy)
        return response


class PrivatePageMiddleware:
    """No cache, the browser's Back button included, keeps a page of somebody's books."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class HtmxLoginMiddleware:
    """Open the login page as a page when a session ends under an htmx request.

    Otherwise htmx follows the redirect and puts the login form into the table.
    Belongs before `LoginRequiredMiddleware`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.login_path = resolve_url(settings.LOGIN_URL)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "HX-Request" not in request.headers or "Location" not in response.headers:
            return response
        if urlsplit(response.headers["Location"]).path != self.login_path:
            return response
        current = urlsplit(request.headers.get("HX-Current-URL", ""))
        next_path = f"{current.path or '/'}{'?' * bool(current.query)}{current.query}"
        return HttpResponseClientRedirect(redirect_to_login(next_path).url)
