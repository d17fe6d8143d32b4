from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

# What is asked for most comes first, and a prefix is compared quicker than what stands behind "".
urlpatterns = [
    path("transactions/", include("transactions.urls")),
    path("balances/", include("balances.urls")),
    path("ledgers/", include("ledgers.urls")),
    path("identities/", include("identities.urls")),
    path("entries/", include("transactions.entry_urls")),
    path("schedules/", include("schedules.urls")),
    path("audit/", include("audit.event_urls")),
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
    path("", include("users.urls")),
    path("", include("audit.urls")),
    path("", include("web.urls")),
    path("", include("reports.urls")),
    path("", include("exports.urls")),
    path("", include("bulk.urls")),
    path("", include("imports.urls")),
    path("", include("web.help.urls")),
]

handler500 = "web.views.server_error"
