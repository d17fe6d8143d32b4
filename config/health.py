"""What a load balancer asks: whether the database answers."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

PATH = "/healthz"
SECONDS = 2


class HealthMiddleware:
    """Answer the health page before anything asks for the Host, a session or a user.

    A load balancer and a container's keeper ask by address, which is not in ALLOWED_HOSTS.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return healthz(request) if request.path_info == PATH else self.get_response(request)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, else 503, and within seconds either way."""
    parameters = connection.get_connection_params()
    try:
        # A connection of its own: a persistent one could wait for a dead server.
        with psycopg.connect(
            **{
                key: value
                for key, value in parameters.items()
                if key not in {"cursor_factory", "context", "prepare_threshold"}
            }
            | {
                "connect_timeout": SECONDS,
                "options": f"-c statement_timeout={SECONDS}s",
                "application_name": "daybook health",
            }
        ) as own:
            own.execute("SELECT 1")
    except psycopg.Error:
        return JsonResponse({"status": "unavailable", "database": "no answer"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})
