"""Part of the addresses under `/transactions/`, included by `transactions.urls`."""

from __future__ import annotations

from django.urls import path

from schedules import list_views

urlpatterns = [
    path("", list_views.transaction_list, name="list"),
]
