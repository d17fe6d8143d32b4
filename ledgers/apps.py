from __future__ import annotations

import decimal

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# More than any sum of amounts, which have 38 each.
DIGITS_MAX = 76


class LedgersConfig(AppConfig):
    name = "ledgers"
    verbose_name = _("Ledgers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let amounts that PostgreSQL gives as decimals be added, and negated, without rounding."""
        # Imports models, which stand only now.
        from ledgers import telling  # noqa: PLC0415

        telling.register()
        for context in (decimal.DefaultContext, decimal.getcontext()):
            context.prec = DIGITS_MAX
