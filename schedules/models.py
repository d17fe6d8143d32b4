"""Schedules: transactions of the future, each of which is posted once, at its time."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from transactions.models import Transaction
from web.addresses import url_of

# Rejected, and nobody has said yet that it was seen to.
IS_UNSEEN = Q(state="REJECTED", seen_at=None)


class Schedule(models.Model):
    """A transaction that is to be posted at `due_at`, which is then its effective date.

    `request` is what the posting engine will be asked for. It never changes,
    and `state` moves once: a trigger refuses anything else. A rejected one
    keeps the reason why it could not be posted, and who had seen it when.
    """

    class State(models.TextChoices):
        SCHEDULED = "SCHEDULED", _("Scheduled")
        POSTED = "POSTED", _("Posted")
        CANCELLED = "CANCELLED", _("Cancelled")
        REJECTED = "REJECTED", _("Rejected")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("reference"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    due_at = models.DateTimeField(_("due"))
    request = models.JSONField(_("request"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("scheduled by"),
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    created_at = models.DateTimeField(_("recorded"), db_default=Now(), editable=False)

    state = models.CharField(_("state"), max_length=9, choices=State, default=State.SCHEDULED)
    decided_at = models.DateTimeField(_("decided"), null=True)
    reason_code = models.CharField(_("reason code"), max_length=50, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    transaction = models.OneToOneField(
        Transaction,
        verbose_name=_("transaction"),
        on_delete=models.PROTECT,
        null=True,
        related_name="schedule",
    )
    seen_at = models.DateTimeField(_("seen"), null=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("seen by"),
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        indexes = [
            models.Index(fields=["state", "due_at", "id"], name="schedule_state_due"),
            models.Index(fields=["due_at", "id"], condition=IS_UNSEEN, name="schedule_unseen"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="schedule_reference_unique"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.reference}"

    def get_absolute_url(self) -> str:
        return url_of("schedules:detail", self.public_id)

    @property
    def key(self) -> str:
        """The public id as people and programs see it: `sch_<uuid>`."""
        return f"sch_{self.public_id}"

    @property
    def legs(self) -> list[dict[str, Any]]:
        """The entries it asks for, as `schedules.requests` writes them."""
        legs: list[dict[str, Any]] = self.request["legs"]
        return legs
