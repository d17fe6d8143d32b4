from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Audit")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imports models, which stand only now.
        from audit.naming import name_records  # noqa: PLC0415
        from audit.recording import record  # noqa: PLC0415
        from users.models import SavedView, User  # noqa: PLC0415
        from users.recording import record_with  # noqa: PLC0415

        record_with(record)
        # `users` lies below.
        name_records("user", User, "username", by="pk")
        name_records("view", SavedView, "name")
