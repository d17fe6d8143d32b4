"""Currencies, and the ledgers that group balances."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from web.addresses import url_of
from web.names import plain_name_field

EXPONENT_MAX = 30


class Currency(models.Model):
    """An asset that amounts are counted in: a fiat currency, a token, points.

    `exponent` is the number of digits after the decimal point; it never
    changes once a balance in the currency has entries (held by a trigger).
    """

    class Kind(models.TextChoices):
        FIAT = "FIAT", _("Fiat currency")
        CRYPTO = "CRYPTO", _("Crypto asset")
        POINTS = "POINTS", _("Points or other units")

    code = models.CharField(_("code"), max_length=12, primary_key=True)
    name = models.CharField(_("name"), max_length=100)
    exponent = models.PositiveSmallIntegerField(_("decimals"))
    symbol = models.CharField(_("symbol"), max_length=8, blank=True)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.FIAT)

    class Meta:
        verbose_name = _("currency")
        verbose_name_plural = _("currencies")
        constraints = [
            models.CheckConstraint(
                name="currency_code_upper_case",
                condition=models.Q(code__regex=r"^[A-Z0-9][A-Z0-9._-]{0,11}$"),
            ),
            models.CheckConstraint(
                name="currency_exponent_range", condition=models.Q(exponent__lte=EXPONENT_MAX)
            ),
            models.CheckConstraint(
                name="currency_kind_known",
                condition=models.Q(kind__in=["FIAT", "CRYPTO", "POINTS"]),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Ledger(models.Model):
    """A book that groups balances belonging together.

    Exactly one is the General Ledger, which holds the `@indicator` balances;
    it is made by migration and cannot be deleted.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    plain_name = plain_name_field()
    is_general = models.BooleanField(_("General Ledger"), default=False, editable=False)
    metadata = models.JSONField(_("extra information"), default=dict, blank=True)

    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("ledger")
        verbose_name_plural = _("ledgers")
        indexes = [
            models.Index(fields=["created_at", "id"], name="ledger_created"),
            models.Index(fields=["plain_name", "id"], name="ledger_plain_name"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["is_general"],
                condition=models.Q(is_general=True),
                name="ledger_one_general",
            ),
            models.CheckConstraint(
                name="ledger_name_present", condition=~models.Q(name__regex=r"^\s*$")
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"

    def get_absolute_url(self) -> str:
        return url_of("ledgers:detail", self.public_id)

    @property
    def key(self) -> str:
        """The public id as people and programs see it: `ldg_<uuid>`."""
        return f"ldg_{self.public_id}"
