from __future__ import annotations

from django.urls import path

from dashboard import palette_views, views

app_name = "dashboard"

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("shortcuts/", palette_views.shortcuts, name="shortcuts"),
    path("proof/", views.proof, name="proof"),
]
