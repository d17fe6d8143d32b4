from __future__ import annotations

from django.urls import path

from audit.passwords import PasswordChange

urlpatterns = [
    path("password/", PasswordChange.as_view(), name="password_change"),
]
