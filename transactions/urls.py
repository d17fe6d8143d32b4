from __future__ import annotations

from django.urls import path

from transactions import views

app_name = "transactions"

urlpatterns = [
    path("", views.transaction_list, name="list"),
    path("new/", views.transaction_create, name="create"),
    path("review/", views.transaction_review, name="review"),
    path("<txn:public_id>/", views.transaction_detail, name="detail"),
    path("<txn:public_id>/metadata/", views.transaction_metadata, name="metadata"),
    path("<txn:public_id>/info/", views.transaction_info, name="info"),
]
