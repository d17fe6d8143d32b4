from __future__ import annotations

from django.urls import path

from web.help import views

app_name = "help"

urlpatterns = [
    path("help/", views.index, name="index"),
    path("help/glossary/", views.glossary, name="glossary"),
    path("accessibility/", views.accessibility, name="accessibility"),
]
