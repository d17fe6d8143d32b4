"""Files that people import: kept as they came, with how they are read and what became of them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

NAME_LENGTH_MAX = 100
FILE_NAME_LENGTH_MAX = 200


class Import(models.Model):
    """One file, checked before it is posted, and posted once, as it was checked.

    `content` is the file itself, `mapping` says in TOML how it is read, and `choices` what
    was chosen to make that, if nobody wrote it by hand. `report` is what the last check, or the
    posting, came to (`imports.checking.Checked`), or `problem` why it could not be made.
    `public_id` is also the id of the batch of its transactions.
    """

    class State(models.TextChoices):
        NEW = "NEW", _("Not checked")
        CHECKING = "CHECKING", _("Being checked")
        CHECKED = "CHECKED", _("Checked")
        POSTING = "POSTING", _("Being imported")
        POSTED = "POSTED", _("Imported")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    name = models.CharField(_("kind of file"), max_length=NAME_LENGTH_MAX, blank=True)
    file_name = models.CharField(_("file"), max_length=FILE_NAME_LENGTH_MAX)
    content = models.BinaryField(_("content"))
    digest = models.CharField(_("SHA-256"), max_length=64)
    byte_count = models.IntegerField(_("bytes"))
    mapping = models.TextField(_("mapping"), blank=True)
    choices = models.JSONField(_("what was chosen"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.NEW)
    problem = models.TextField(_("problem"), blank=True)
    report = models.JSONField(_("report"), default=dict)
    refused_file = models.BinaryField(_("refused rows"), default=b"")
    created_at = models.DateTimeField(_("created"), db_default=Now())
    posted_at = models.DateTimeField(_("imported"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes: ClassVar = [
            models.Index(fields=["digest"], name="import_digest"),
            models.Index(
                fields=["id"],
                name="import_under_way",
                condition=models.Q(state__in=["CHECKING", "POSTING"]),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="import_posted_at_a_time",
                condition=models.Q(state="POSTED", posted_at__isnull=False)
                | (~models.Q(state="POSTED") & models.Q(posted_at=None)),
            ),
            models.CheckConstraint(
                name="import_mapped_before_it_is_checked",
                condition=models.Q(state="NEW") | ~models.Q(mapping=""),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("imports:detail", args=[self.public_id])

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.POSTING)

    @property
    def is_posted(self) -> bool:
        return self.state == self.State.POSTED
