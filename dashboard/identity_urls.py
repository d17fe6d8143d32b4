"""Part of the addresses under `/identities/`, included by `identities.urls`."""

from __future__ import annotations

from django.urls import path

from dashboard import pages, quick_views

urlpatterns = [
    path("", pages.identity_list, name="list"),
    path("<idt:public_id>/", pages.identity_detail, name="detail"),
    path("<idt:public_id>/transactions/", pages.identity_transactions, name="transactions"),
    path("<idt:public_id>/quick/", quick_views.identity_quick, name="quick"),
]
