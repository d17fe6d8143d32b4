"""What people changed: one row for each change, never altered afterwards."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """Who changed which record, when, and what it held before and after.

    `subject` is the record's public key as text (`ldg_…`), not a foreign key:
    an event outlives what it describes. The database refuses UPDATE, DELETE
    and TRUNCATE on this table.
    """

    created_at = models.DateTimeField(_("when"), db_default=Now(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    actor_name = models.CharField(_("name at the time"), max_length=150)
    action = models.CharField(_("action"), max_length=100)
    subject = models.CharField(_("record"), max_length=100)

    before = models.JSONField(_("before"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), null=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["subject", "id"], name="audit_subject"),
            models.Index(fields=["created_at", "id"], name="audit_created"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.action} {self.subject}"
