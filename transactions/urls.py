from __future__ import annotations

from django.urls import include, path

from transactions import action_views, quick_views, views

app_name = "transactions"

urlpatterns = [
    # The table shows what is scheduled, too.
    path("", include("schedules.list_urls")),
    # What is entered may be scheduled for later: the form stands above the schedules.
    path("", include("schedules.create_urls")),
    # The page of a transaction shows the schedule that it came from.
    path("", include("schedules.detail_urls")),
    # A large batch is reversed in the background.
    path("", include("bulk.batch_urls")),
    path("<txn:public_id>/commit/", action_views.transaction_commit, name="commit"),
    path("<txn:public_id>/void/", action_views.transaction_void, name="void"),
    path("<txn:public_id>/reverse/", action_views.transaction_reverse, name="reverse"),
    path("<txn:public_id>/refund/", action_views.transaction_refund, name="refund"),
    path("<txn:public_id>/metadata/", views.transaction_metadata, name="metadata"),
    path("<txn:public_id>/quick/", quick_views.transaction_quick, name="quick"),
    path("<txn:public_id>/info/", views.transaction_info, name="info"),
]
