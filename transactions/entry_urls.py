from __future__ import annotations

from django.urls import path

from transactions import entry_views

app_name = "entries"

urlpatterns = [
    path("", entry_views.entry_list, name="list"),
]
