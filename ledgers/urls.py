from __future__ import annotations

from django.urls import include, path

from ledgers import views

app_name = "ledgers"

urlpatterns = [
    # The table and the page of a ledger read balances and transactions: they live above them.
    path("", include("dashboard.ledger_urls")),
    path("new/", views.ledger_create, name="create"),
    path("suggest/", views.ledger_suggest, name="suggest"),
    path("<ldg:public_id>/name/", views.ledger_rename, name="rename"),
    path("<ldg:public_id>/metadata/", views.ledger_metadata, name="metadata"),
    path("<ldg:public_id>/info/", views.ledger_info, name="info"),
]
