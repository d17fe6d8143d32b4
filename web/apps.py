from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from web import converters


class WebConfig(AppConfig):
    name = "web"
    verbose_name = _("Presentation")

    def ready(self) -> None:
        converters.register()
