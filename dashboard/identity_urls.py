"""Part of the addresses under `/identities/`, included by `identities.urls`."""

from __future__ import annotations

from django.urls import path

from dashboard import pages

urlpatterns = [
    path("", pages.identity_list, name="list"),
    path("<idt:public_id>/", pages.identity_detail, name="detail"),
]
