from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from config.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    *(
        path(prefix, include(f"{app}.urls"))
        for prefix, app in (
            ("", "dashboard"),
            ("", "web"),
            ("", "users"),
            ("ledgers/", "ledgers"),
            ("balances/", "balances"),
            ("transactions/", "transactions"),
            ("identities/", "identities"),
        )
        if find_spec(app) and find_spec(f"{app}.urls")
    ),
]

handler500 = "web.views.server_error"
