from __future__ import annotations

from django.urls import include, path

from balances import views

app_name = "balances"

urlpatterns = [
    path("", views.balance_list, name="list"),
    path("new/", views.balance_create, name="create"),
    path("suggest/", views.balance_suggest, name="suggest"),
    path("suggest/currencies/", views.currency_suggest, name="suggest-currency"),
    path("<bln:public_id>/metadata/", views.balance_metadata, name="metadata"),
    path("<bln:public_id>/info/", views.balance_info, name="info"),
    # The page of a balance shows its entries: it lives above them.
    path("", include("reports.balance_urls")),
]
