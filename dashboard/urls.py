from __future__ import annotations

from django.urls import path

from dashboard import palette_views, views

app_name = "dashboard"

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", palette_views.search, name="search"),
    path("search/box/", palette_views.palette, name="palette"),
    path("shortcuts/", palette_views.shortcuts, name="shortcuts"),
    path("proof/", views.proof, name="proof"),
]
