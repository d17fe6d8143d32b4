from __future__ import annotations

from django.urls import path

from imports import views

app_name = "imports"

urlpatterns = [
    path("imports/", views.import_list, name="list"),
    path("imports/new/", views.import_create, name="create"),
    path("imports/<uuid:public_id>/", views.import_detail, name="detail"),
    path("imports/<uuid:public_id>/columns/", views.import_columns, name="columns"),
    path("imports/<uuid:public_id>/mapping/", views.import_mapping, name="mapping"),
    path("imports/<uuid:public_id>/check/", views.import_check, name="check"),
    path("imports/<uuid:public_id>/post/", views.import_post, name="post"),
    path("imports/<uuid:public_id>/discard/", views.import_discard, name="discard"),
    path("imports/<uuid:public_id>/refused.csv", views.import_refused, name="refused"),
    path("imports/<uuid:public_id>/file.csv", views.import_file, name="file"),
]
