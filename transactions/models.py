"""Transactions and their entries: the history, written by the posting engine alone."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from balances.models import Balance
from ledgers.fields import MinorField
from ledgers.models import Ledger
from web.addresses import url_of


class Transaction(models.Model):
    """One balanced economic event, made of two or more entries.

    Append-only: the database refuses UPDATE, DELETE and TRUNCATE, extra
    information excepted, which keeps its own history. What a CHECK would say
    about the columns, a trigger says once per statement (docs/adr/0002). `parent` is what a
    commit, void or refund acts on; `reverses` what a reversal undoes.
    """

    class Kind(models.TextChoices):
        POST = "POST", _("Posting")
        HOLD = "HOLD", _("Hold")
        COMMIT = "COMMIT", _("Commit")
        VOID = "VOID", _("Void")
        REVERSAL = "REVERSAL", _("Reversal")
        REFUND = "REFUND", _("Refund")

    class Status(models.TextChoices):
        POSTED = "POSTED", _("Posted")
        INFLIGHT = "INFLIGHT", _("Inflight")
        VOIDED = "VOIDED", _("Voided")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("reference"), max_length=200)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.POST)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.POSTED)
    description = models.TextField(_("description"), blank=True)
    entry_count = models.SmallIntegerField(_("entries"))

    effective_at = models.DateTimeField(_("effective date"))
    created_at = models.DateTimeField(_("recorded"))

    # Here and below: what a foreign key would check row by row, a trigger checks per statement.
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="children",
    )
    reverses = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="reversals",
    )
    batch_id = models.UUIDField(_("batch"), null=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("posted by"),
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    metadata = models.JSONField(_("extra information"), default=dict, blank=True)

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        indexes = [
            models.Index(fields=["effective_at", "id"], name="transaction_effective"),
            models.Index(
                fields=["batch_id", "id"],
                condition=Q(batch_id__isnull=False),
                name="transaction_batch",
            ),
        ]
        constraints = [
            # Not `unique=True`, which would add a second index for LIKE.
            models.UniqueConstraint(fields=["reference"], name="transaction_reference_unique"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.reference}"

    def get_absolute_url(self) -> str:
        return url_of("transactions:detail", self.public_id)

    @property
    def key(self) -> str:
        """The public id as people and programs see it: `txn_<uuid>`."""
        return f"txn_{self.public_id}"


class Entry(models.Model):
    """One debit or credit of a transaction, on one balance.

    `running_minor` is the balance's credits less debits right after the entry,
    `position` its number on that balance, from 1 without gaps. `ledger` and
    `effective_at` repeat the balance's ledger and the transaction's date, for
    the indexes that statements and ledger pages read.
    """

    class Direction(models.IntegerChoices):
        DEBIT = -1, _("Debit")
        CREDIT = 1, _("Credit")

    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, db_constraint=False, related_name="entries"
    )
    balance = models.ForeignKey(
        Balance,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="entries",
    )
    ledger = models.ForeignKey(
        Ledger, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    position = models.BigIntegerField(_("position"))
    effective_at = models.DateTimeField(_("effective date"))
    direction = models.SmallIntegerField(_("direction"), choices=Direction)
    amount_minor = MinorField(_("amount"))
    running_minor = MinorField(_("running balance"))

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        indexes = [
            models.Index(fields=["balance", "effective_at", "id"], name="entry_effective"),
            models.Index(fields=["ledger", "effective_at", "transaction"], name="entry_ledger"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["balance", "position"], name="entry_position_unique"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ProofRun(models.Model):
    """The result of one proof: what was recomputed, and what did not match."""

    created_at = models.DateTimeField(_("when"), db_default=Now(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    is_ok = models.BooleanField(_("everything matches"))
    duration_seconds = models.FloatField(_("seconds"))
    checks = models.JSONField(_("checks"))

    class Meta:
        verbose_name = _("proof run")
        verbose_name_plural = _("proof runs")

    def __str__(self) -> str:
        return f"#{self.pk} {'ok' if self.is_ok else 'mismatches'}"
