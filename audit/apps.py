from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Audit")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imports models, which stand only now.
        from audit.recording import record  # noqa: PLC0415
        from users.recording import record_with  # noqa: PLC0415

        record_with(record)
