"""What people took out of the tables as files."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# One that has not been heard of for so long is over, since its process is.
SILENCE_MAX = timedelta(minutes=3)


class Export(models.Model):
    """One file made from a table: for whom, what of it, and how far it came.

    `query` is that of the table's address, `filter_text` says it in words. `row_count` is
    counted while the file is sent, `expected_count` before.
    """

    class State(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        FINISHED = "FINISHED", _("Finished")
        CANCELLED = "CANCELLED", _("Cancelled")
        FAILED = "FAILED", _("Failed")

    public_id = models.UUIDField(unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    table = models.CharField(_("table"), max_length=50)
    query = models.TextField(_("query"), blank=True)
    filter_text = models.TextField(_("filter"), blank=True)
    kind = models.CharField(_("format"), max_length=10)
    expected_count = models.BigIntegerField(_("expected rows"), null=True)
    row_count = models.BigIntegerField(_("rows"), db_default=0)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING
    )
    is_cancel_asked = models.BooleanField(_("asked to stop"), db_default=False)
    started_at = models.DateTimeField(_("started"), db_default=Now())
    heard_at = models.DateTimeField(_("last heard of"), db_default=Now())
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="export_of_user"),
            models.Index(
                fields=["heard_at"], name="export_running", condition=models.Q(state="RUNNING")
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="export_ended_or_running",
                condition=models.Q(state="RUNNING", ended_at=None)
                | (~models.Q(state="RUNNING") & models.Q(ended_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        return f"exp_{self.public_id}"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING and not self.is_silent

    @property
    def is_silent(self) -> bool:
        """Whether its process went away without a word."""
        silence = timezone.now() - self.heard_at
        return self.state == self.State.RUNNING and silence > SILENCE_MAX
