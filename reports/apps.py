from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = _("Reports")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Both import models, which stand only now.
        from reports.proof import CHECKS  # noqa: PLC0415
        from transactions.proof import register_checks  # noqa: PLC0415

        register_checks(*CHECKS)
