from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from users import views

preference_patterns = [
    path("preferences/", views.preferences, name="preferences"),
]

urlpatterns = [
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", include((preference_patterns, "users"))),
]
