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


class Contrast(models.TextChoices):
    SYSTEM = "system", _("System")
    HIGH = "high", _("High")


class Motion(models.TextChoices):
    SYSTEM = "system", _("System")
    REDUCED = "reduced", _("Reduced")


class Shortcuts(models.TextChoices):
    """Whether keys without Ctrl, Alt or ⌘ do anything: see `web.shortcuts`."""

    ON = "on", _("On")
    OFF = "off", _("Off")


class NumberFormat(models.TextChoices):
    """How amounts and counts are written and read: see `web.formatting.NUMBER_STYLES`."""

    POINT = "point", "1,234.56"
    COMMA = "comma", "1.234,56"
    SPACE = "space", "1\N{NARROW NO-BREAK SPACE}234,56"


class DateFormat(models.TextChoices):
    NAMED = "named", _("3 Jan 2025")
    ISO = "iso", "2025-01-03"


class User(AbstractUser):
    """A person who signs in and works with the books, with how they like to see them."""

    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    time_zone_choice = models.CharField(
        _("time zone"), max_length=10, choices=TimeZoneChoice.choices, default=TimeZoneChoice.UTC
    )

    contrast = models.CharField(
        _("contrast"), max_length=10, choices=Contrast.choices, default=Contrast.SYSTEM
    )
    motion = models.CharField(
        _("motion"), max_length=10, choices=Motion.choices, default=Motion.SYSTEM
    )
    shortcuts = models.CharField(
        _("keyboard shortcuts"), max_length=10, choices=Shortcuts.choices, default=Shortcuts.ON
    )
    number_format = models.CharField(
        _("numbers"), max_length=10, choices=NumberFormat.choices, default=NumberFormat.POINT
    )
    date_format = models.CharField(
        _("dates"), max_length=10, choices=DateFormat.choices, default=DateFormat.NAMED
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
            models.CheckConstraint(
                name="user_contrast_known", condition=models.Q(contrast__in=Contrast.values)
            ),
            models.CheckConstraint(
                name="user_motion_known", condition=models.Q(motion__in=Motion.values)
            ),
            models.CheckConstraint(
                name="user_shortcuts_known", condition=models.Q(shortcuts__in=Shortcuts.values)
            ),
            models.CheckConstraint(
                name="user_number_format_known",
                condition=models.Q(number_format__in=NumberFormat.values),
            ),
            models.CheckConstraint(
                name="user_date_format_known",
                condition=models.Q(date_format__in=DateFormat.values),
            ),
        ]
