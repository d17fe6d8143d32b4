"""The people and organizations that balances belong to (not those who log in)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from web.addresses import url_of
from web.names import plain_name_field


class Identity(models.Model):
    """A person or an organization that may own balances."""

    class Kind(models.TextChoices):
        PERSON = "PERSON", _("Person")
        ORGANIZATION = "ORGANIZATION", _("Organization")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    name = models.CharField(_("name"), max_length=200)
    plain_name = plain_name_field()
    email = models.EmailField(_("e-mail"), blank=True)
    metadata = models.JSONField(_("extra information"), default=dict, blank=True)

    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        indexes = [
            models.Index(fields=["created_at", "id"], name="identity_created"),
            models.Index(fields=["name", "id"], name="identity_name"),
            models.Index(fields=["plain_name", "id"], name="identity_plain_name"),
        ]
        constraints = [
            models.CheckConstraint(
                name="identity_kind_known",
                condition=models.Q(kind__in=["PERSON", "ORGANIZATION"]),
            ),
            models.CheckConstraint(
                name="identity_name_present", condition=~models.Q(name__regex=r"^\s*$")
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"

    def get_absolute_url(self) -> str:
        return url_of("identities:detail", self.public_id)

    @property
    def key(self) -> str:
        """The public id as people and programs see it: `idt_<uuid>`."""
        return f"idt_{self.public_id}"
