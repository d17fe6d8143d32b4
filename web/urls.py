from __future__ import annotations

from django.urls import path

from web import live, views
from web.tables import views as table_views

app_name = "web"

urlpatterns = [
    path("live/", live.live, name="live"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("styleguide/form/", views.styleguide_form, name="styleguide-form"),
    path("tables/<slug:name>/filters/", table_views.filters, name="filters"),
    path("tables/<slug:name>/counts/", table_views.counts, name="counts"),
    path("styleguide/suggest/", views.styleguide_suggest, name="styleguide-suggest"),
]
