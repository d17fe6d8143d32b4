"""Part of the addresses under `/transactions/`, included by `transactions.urls`."""

from __future__ import annotations

from django.urls import path

from bulk import batch_views

urlpatterns = [
    path(
        "<txn:public_id>/reverse-batch/",
        batch_views.transaction_reverse_batch,
        name="reverse-batch",
    ),
]
