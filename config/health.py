from __future__ import annotations

import psycopg
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

SECONDS = 2


@require_safe
@never_cache
@login_not_required
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
