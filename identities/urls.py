from __future__ import annotations

from django.urls import include, path

from identities import views

app_name = "identities"

urlpatterns = [
    # The table and the page of an identity read balances: they live above them.
    path("", include("dashboard.identity_urls")),
    path("new/", views.identity_create, name="create"),
    path("suggest/", views.identity_suggest, name="suggest"),
    path("<idt:public_id>/edit/", views.identity_edit, name="edit"),
    path("<idt:public_id>/metadata/", views.identity_metadata, name="metadata"),
    path("<idt:public_id>/info/", views.identity_info, name="info"),
]
