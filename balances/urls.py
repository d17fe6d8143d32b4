from __future__ import annotations

from django.urls import include, path

from balances import views

app_name = "balances"

urlpatterns = [
    path("new/", views.balance_create, name="create"),
    path("suggest/", views.balance_suggest, name="suggest"),
    path("suggest/currencies/", views.currency_suggest, name="suggest-currency"),
    path("<bln:public_id>/metadata/", views.balance_metadata, name="metadata"),
    path("<bln:public_id>/info/", views.balance_info, name="info"),
    # The table shows figures of the past, and the page of a balance its entries: they live above.
    path("", include("reports.balance_urls")),
]
