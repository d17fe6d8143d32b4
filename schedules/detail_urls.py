"""Part of the addresses under `/transactions/`, included by `transactions.urls`."""

from __future__ import annotations

from django.urls import path

from schedules import detail_views

urlpatterns = [path("<txn:public_id>/", detail_views.transaction_detail, name="detail")]
