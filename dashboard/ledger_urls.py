"""Part of the addresses under `/ledgers/`, included by `ledgers.urls`."""

from __future__ import annotations

from django.urls import path

from dashboard import pages, quick_views

urlpatterns = [
    path("", pages.ledger_list, name="list"),
    path("<ldg:public_id>/", pages.ledger_detail, name="detail"),
    path("<ldg:public_id>/quick/", quick_views.ledger_quick, name="quick"),
]
