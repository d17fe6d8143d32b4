from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
    path("", include("users.urls")),
    path("", include("audit.urls")),
    path("audit/", include("audit.event_urls")),
    path("", include("exports.urls")),
    path("", include("bulk.urls")),
    path("", include("web.urls")),
    path("", include("web.help.urls")),
    path("", include("reports.urls")),
    path("balances/", include("balances.urls")),
    path("entries/", include("transactions.entry_urls")),
    path("identities/", include("identities.urls")),
    path("ledgers/", include("ledgers.urls")),
    path("schedules/", include("schedules.urls")),
    path("transactions/", include("transactions.urls")),
]

handler500 = "web.views.server_error"
