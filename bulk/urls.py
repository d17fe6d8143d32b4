from __future__ import annotations

from django.urls import path

from bulk import views

app_name = "bulk"

urlpatterns = [
    path("bulk/", views.run_list, name="list"),
    path("bulk/results/", views.run_results, name="results"),
    path("bulk/<uuid:public_id>/", views.run_detail, name="run"),
    path("bulk/<uuid:public_id>/start/", views.run_start, name="start"),
    path("<slug:name>/ticked/", views.ticked, name="ticked"),
    path("<slug:name>/bulk/export/", views.export_ticked, name="export"),
    path("<slug:name>/bulk/<slug:action>/", views.bulk_form, name="form"),
]
