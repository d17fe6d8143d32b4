"""Part of the addresses under `/transactions/`, included by `transactions.urls`."""

from __future__ import annotations

from django.urls import path

from schedules import create_views

urlpatterns = [
    path("new/", create_views.transaction_create, name="create"),
    path("review/", create_views.transaction_review, name="review"),
    path("reading/", create_views.transaction_reading, name="reading"),
]
