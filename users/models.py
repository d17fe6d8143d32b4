from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Theme(models.TextChoices):
    SYSTEM = "system", _("System")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class TimeZoneChoice(models.TextChoices):
    UTC = "utc", _("UTC")
    LOCAL = "local", _("Local time")


class User(AbstractUser):
    """A person who signs in and works with the books, with how they like to see them."""

    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    time_zone_choice = models.CharField(
        _("time zone"), max_length=10, choices=TimeZoneChoice.choices, default=TimeZoneChoice.UTC
    )

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                name="user_theme_known", condition=models.Q(theme__in=Theme.values)
            ),
            models.CheckConstraint(
                name="user_time_zone_choice_known",
                condition=models.Q(time_zone_choice__in=TimeZoneChoice.values),
            ),
        ]
