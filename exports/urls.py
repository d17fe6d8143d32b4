from __future__ import annotations

from django.urls import path

from exports import views

app_name = "exports"

urlpatterns = [
    path("exports/", views.export_list, name="list"),
    path("exports/<uuid:public_id>/", views.export_progress, name="progress"),
    path("exports/<uuid:public_id>/end/", views.export_cancel, name="cancel"),
    # Beside each table: /transactions/export.csv
    path("<slug:name>/export.<slug:kind>", views.export_file, name="file"),
]
