from __future__ import annotations

from django.urls import path

from audit import event_views

app_name = "audit"

urlpatterns = [
    path("", event_views.event_list, name="list"),
]
