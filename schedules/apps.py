from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulesConfig(AppConfig):
    name = "schedules"
    verbose_name = _("Schedules")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They import models, which stand only now.
        from schedules import telling  # noqa: PLC0415
        from schedules.proof import CHECKS  # noqa: PLC0415
        from transactions.proof import register_checks  # noqa: PLC0415

        register_checks(*CHECKS)
        telling.register()
