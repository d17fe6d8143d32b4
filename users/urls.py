from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from users import saved_views_views, table_choices_views, views

preference_patterns = [
    path("preferences/", views.preferences, name="preferences"),
    path(
        "preferences/tables/<slug:name>/",
        table_choices_views.table_choices,
        name="table-choices",
    ),
    path("views/<slug:name>/new/", saved_views_views.view_create, name="view-create"),
    path("views/<uuid:public_id>/edit/", saved_views_views.view_edit, name="view-edit"),
    path("views/<uuid:public_id>/query/", saved_views_views.view_update, name="view-update"),
    path("views/<uuid:public_id>/deletion/", saved_views_views.view_delete, name="view-delete"),
]

urlpatterns = [
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", include((preference_patterns, "users"))),
]
