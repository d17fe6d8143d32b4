"""Transactions and their entries: the history, written by the posting engine alone."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
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
    commit, void, expiry or refund acts on; `reverses` what a reversal undoes: a transaction
    with neither is a business event of its own, the others follow it.

    Holds, voids and expiries have reservations instead of entries, and `entry_count`
    counts those. `overdraft_minor` is how far below their floors the transaction may take
    balances, `exchange_rate` what one unit of the debited currency was worth in the other.
    """

    class Kind(models.TextChoices):
        POST = "POST", _("Posting")
        HOLD = "HOLD", _("Hold")
        COMMIT = "COMMIT", _("Commit")
        VOID = "VOID", _("Void")
        EXPIRY = "EXPIRY", _("Expiry")
        REVERSAL = "REVERSAL", _("Reversal")
        REFUND = "REFUND", _("Refund")

    class Status(models.TextChoices):
        POSTED = "POSTED", _("Posted")
        INFLIGHT = "INFLIGHT", _("Inflight")
        VOIDED = "VOIDED", _("Voided")
        EXPIRED = "EXPIRED", _("Expired")

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
    overdraft_minor = MinorField(_("overdraft allowed"), null=True)
    exchange_rate = models.DecimalField(
        _("exchange rate"), max_digits=38, decimal_places=18, null=True
    )
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
            models.Index(
                fields=["parent", "id"],
                condition=Q(parent__isnull=False),
                name="transaction_parent",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(reverses__isnull=False),
                name="transaction_reversed_once",
            ),
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

    @property
    def has_entries(self) -> bool:
        """Whether it moved balances; a hold, void or expiry has reservations in their place."""
        return self.kind not in (self.Kind.HOLD, self.Kind.VOID, self.Kind.EXPIRY)


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


class HoldState(models.TextChoices):
    """What has become of a hold; see `Hold.state`."""

    INFLIGHT = "INFLIGHT", _("Inflight")
    PARTLY_COMMITTED = "PARTLY", _("Partly committed")
    COMMITTED = "COMMITTED", _("Committed")
    VOIDED = "VOIDED", _("Voided")
    EXPIRED = "EXPIRED", _("Expired")


IS_OPEN = Q(total_minor__gt=F("committed_minor") + F("released_minor"))


class Hold(models.Model):
    """How much of a hold is left: what its reservations add up to.

    The figures are debits in minor units of the hold's one currency. They move
    by reservations alone, in a trigger. `ended_as` is the kind of transaction
    that released the rest, `effective_at` the date of the hold.
    """

    transaction = models.OneToOneField(
        Transaction,
        on_delete=models.PROTECT,
        primary_key=True,
        db_constraint=False,
        related_name="hold",
    )
    effective_at = models.DateTimeField(_("effective date"))
    expires_at = models.DateTimeField(_("expires"), null=True)
    total_minor = MinorField(_("held"))
    committed_minor = MinorField(_("committed"), default=0)
    released_minor = MinorField(_("released"), default=0)
    ended_as = models.CharField(max_length=8, blank=True, default="")

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        indexes = [
            models.Index(
                fields=["effective_at", "transaction"],
                condition=IS_OPEN,
                name="hold_open",
            ),
            models.Index(
                fields=["expires_at"],
                condition=IS_OPEN & Q(expires_at__isnull=False),
                name="hold_expiring",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total_minor__gt=0,
                    committed_minor__gte=0,
                    released_minor__gte=0,
                    total_minor__gte=F("committed_minor") + F("released_minor"),
                ),
                name="hold_within_total",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def remaining_minor(self) -> int:
        return int(self.total_minor - self.committed_minor - self.released_minor)

    @property
    def state(self) -> HoldState:
        """A hold whose rest was released counts as voided or expired, whatever was committed."""
        if self.ended_as:
            return HoldState.EXPIRED if self.ended_as == "EXPIRY" else HoldState.VOIDED
        if self.remaining_minor == 0:
            return HoldState.COMMITTED
        return HoldState.PARTLY_COMMITTED if self.committed_minor else HoldState.INFLIGHT


class Reservation(models.Model):
    """What a hold reserves on one balance, or a commit, void or expiry takes away again.

    Append-only, like entries, and numbered with them: on one balance the
    (effective_at, id) of both make one order. `hold` is the transaction of the
    hold, `kind` that of `transaction`.
    """

    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, db_constraint=False, related_name="reservations"
    )
    hold = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, db_constraint=False, related_name="held"
    )
    balance = models.ForeignKey(
        Balance,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="reservations",
    )
    ledger = models.ForeignKey(
        Ledger, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Transaction.Kind)
    effective_at = models.DateTimeField(_("effective date"))
    direction = models.SmallIntegerField(_("direction"), choices=Entry.Direction)
    amount_minor = MinorField(_("amount"))

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        indexes = [
            # Those of commits are left out: a commit is found by its entries.
            models.Index(
                fields=["balance", "effective_at", "id"],
                condition=~Q(kind="COMMIT"),
                name="reservation_effective",
            ),
            models.Index(
                fields=["ledger", "effective_at", "transaction"],
                condition=~Q(kind="COMMIT"),
                name="reservation_ledger",
            ),
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
