"""What was done to many records at once: for whom, to which, and with what result each."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from web.formatting import format_count


class Run(models.Model):
    """One action on many records. Its items are fixed when it is reviewed, before it starts.

    `content` is what was entered, `foreseen` what the review said. The two counts are those of
    its items, kept in the transaction that decides them.
    """

    class Action(models.TextChoices):
        COMMIT = "commit", _("Commit")
        VOID = "void", _("Void")
        REVERSE = "reverse", _("Reverse")
        METADATA = "metadata", _("Add extra information")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    table = models.CharField(_("table"), max_length=50)
    action = models.CharField(_("action"), max_length=10, choices=Action.choices)
    content = models.JSONField(_("what was entered"), default=dict)
    foreseen = models.JSONField(_("what was foreseen"), default=dict)
    item_count = models.IntegerField(_("records"))
    done_count = models.IntegerField(_("done"), default=0)
    refused_count = models.IntegerField(_("refused"), default=0)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        indexes: ClassVar = [models.Index(fields=["user", "-id"], name="bulk_run_of_user")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="bulk_run_counts_fit",
                condition=models.Q(done_count__gte=0, refused_count__gte=0)
                & models.Q(item_count__gte=models.F("done_count") + models.F("refused_count")),
            ),
            models.CheckConstraint(
                name="bulk_run_starts_before_it_ends",
                condition=models.Q(ended_at=None) | models.Q(started_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("bulk:run", args=[self.public_id])

    @property
    def key(self) -> str:
        return f"bulk_{self.public_id}"

    @property
    def title(self) -> str:
        """What people call it: "Void: 12 records"."""
        words = ngettext(
            "%(action)s: %(count)s record", "%(action)s: %(count)s records", self.item_count
        )
        label = self.Action(self.action).label
        return words % {"action": label, "count": format_count(self.item_count)}

    @property
    def decided_count(self) -> int:
        return self.done_count + self.refused_count


class Item(models.Model):
    """One record of a run. `result` is the key of what came of it, `reason` why nothing did."""

    class State(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        DONE = "DONE", _("Done")
        REFUSED = "REFUSED", _("Refused")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="items")
    position = models.IntegerField(_("position"))
    record_id = models.BigIntegerField(_("record"))
    record_key = models.CharField(_("key"), max_length=50)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    reason = models.TextField(_("reason"), blank=True)
    result = models.CharField(_("result"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("record of a bulk action")
        verbose_name_plural = _("records of bulk actions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "position"], name="bulk_item_position"),
            models.UniqueConstraint(fields=["run", "record_id"], name="bulk_item_record_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "state", "position"], name="bulk_item_state")
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.record_key}"
