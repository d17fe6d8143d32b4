from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = _("Users")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Both import models, which stand only now.
        from users.saved_views_tabs import list_views  # noqa: PLC0415
        from web.tables.tabs import provide_views  # noqa: PLC0415

        provide_views(list_views)
