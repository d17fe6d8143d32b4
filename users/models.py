"""People who sign in, how they like to see the pages, and the views that they keep."""

from __future__ import annotations

import uuid
from importlib import import_module
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower, Now
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
    SPACE = "space", "1\N{NO-BREAK SPACE}234,56"


class DateFormat(models.TextChoices):
    NAMED = "named", _("3 Jan 2025")
    ISO = "iso", "2025-01-03"


class Role(models.TextChoices):
    """What a person may do with the books: `users.roles` says what that means for each page."""

    READER = "READER", _("Reader")
    BOOKKEEPER = "BOOKKEEPER", _("Bookkeeper")


class User(AbstractUser):
    """A person who signs in and works with the books, with how they like to see them."""

    role = models.CharField(
        _("role"),
        max_length=10,
        choices=Role.choices,
        default=Role.BOOKKEEPER,
        help_text=_("A reader sees all books and changes nothing in them; a bookkeeper does both."),
    )

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
    # By the name of a table: its columns, size of pages, density and first view.
    table_choices = models.JSONField(_("choices for tables"), default=dict, editable=False)

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                name="user_role_known", condition=models.Q(role__in=Role.values)
            ),
            models.CheckConstraint(
                name="user_superuser_no_reader",
                condition=~models.Q(role=Role.READER, is_superuser=True),
                violation_error_message=_("A superuser may do everything, and cannot be a reader."),
            ),
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

    @property
    def may_change_books(self) -> bool:
        return self.role == Role.BOOKKEEPER


class Session(AbstractBaseSession):
    """Django's, and who signed in with it, so that one statement finds both: `users.sessions`."""

    user = models.ForeignKey(User, verbose_name=_("user"), null=True, on_delete=models.CASCADE)

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
        return store


class SavedView(models.Model):
    """A table as somebody likes to see it: the query of its address, under a name."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        User, verbose_name=_("owner"), on_delete=models.PROTECT, related_name="saved_views"
    )
    table = models.CharField(_("table"), max_length=40)
    name = models.CharField(_("name"), max_length=40)
    description = models.CharField(_("description"), max_length=200, blank=True)
    query = models.CharField(_("query"), max_length=4000, blank=True)
    is_shared = models.BooleanField(_("shared with everybody"), default=False)
    # Among those of its owner.
    position = models.PositiveIntegerField(_("position"))

    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    changed_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        indexes = [
            models.Index(fields=["table"], name="view_shared", condition=models.Q(is_shared=True)),
        ]
        constraints = [
            models.UniqueConstraint("owner", "table", Lower("name"), name="view_name_unique"),
            models.CheckConstraint(
                name="view_name_present", condition=~models.Q(name__regex=r"^\s*$")
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"

    @property
    def key(self) -> str:
        return f"view_{self.public_id}"
