"""Balances: what an account is in accounting."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from identities.models import Identity
from ledgers.fields import MinorField
from ledgers.models import Currency, Ledger
from web.addresses import url_of


class Balance(models.Model):
    """Money of one currency in one ledger (an *account*, in accounting terms).

    It belongs to an identity, or, in the General Ledger, carries an indicator
    such as `@Revenue`, unique with its currency. The running totals and counts
    are written by the posting engine alone: a trigger refuses any change of
    them that new entries or reservations do not explain, and a figure below the
    floor. `transaction_count` counts the transactions with an entry or a
    reservation here.
    """

    class NormalSide(models.TextChoices):
        CREDIT = "CREDIT", _("Credit")
        DEBIT = "DEBIT", _("Debit")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ledger = models.ForeignKey(
        Ledger,
        verbose_name=_("ledger"),
        on_delete=models.PROTECT,
        db_index=False,
        related_name="balances",
    )
    currency = models.ForeignKey(
        Currency,
        verbose_name=_("currency"),
        on_delete=models.PROTECT,
        db_column="currency",
        db_index=False,
        related_name="+",
    )
    identity = models.ForeignKey(
        Identity,
        verbose_name=_("owner"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="balances",
    )
    indicator = models.CharField(_("indicator"), max_length=100, blank=True)
    normal_side = models.CharField(
        _("normal side"), max_length=6, choices=NormalSide, default=NormalSide.CREDIT
    )
    floor_minor = MinorField(
        _("floor"),
        null=True,
        blank=True,
        default=0,
        help_text=_("The lowest figure allowed, on the normal side; empty: no limit."),
    )
    metadata = models.JSONField(_("extra information"), default=dict, blank=True)

    credit_minor = MinorField(_("credits"), default=0, editable=False)
    debit_minor = MinorField(_("debits"), default=0, editable=False)
    inflight_credit_minor = MinorField(_("inflight credits"), default=0, editable=False)
    inflight_debit_minor = MinorField(_("inflight debits"), default=0, editable=False)

    entry_count = models.BigIntegerField(_("entries"), default=0, editable=False)
    transaction_count = models.BigIntegerField(_("transactions"), default=0, editable=False)
    # Each transaction counts once for a ledger, on one of the balances it touches there.
    ledger_transaction_count = models.BigIntegerField(default=0, editable=False)
    # How many of those follow another transaction: commits, voids, reversals, refunds.
    follower_count = models.BigIntegerField(default=0, db_default=0, editable=False)
    ledger_follower_count = models.BigIntegerField(default=0, db_default=0, editable=False)
    last_entry_at = models.DateTimeField(_("last activity"), null=True, editable=False)

    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        indexes = [
            models.Index(fields=["created_at", "id"], name="balance_created"),
            models.Index(fields=["ledger", "created_at", "id"], name="balance_ledger_created"),
            models.Index(fields=["identity", "created_at", "id"], name="balance_identity_created"),
            models.Index(fields=["currency", "created_at", "id"], name="balance_currency_created"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "currency"],
                condition=~Q(indicator=""),
                name="balance_indicator_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.indicator or self.currency_id}"

    def get_absolute_url(self) -> str:
        return url_of("balances:detail", self.public_id)

    @property
    def key(self) -> str:
        """The public id as people and programs see it: `bln_<uuid>`."""
        return f"bln_{self.public_id}"

    @property
    def balance_minor(self) -> int:
        """Credits less debits."""
        return int(self.credit_minor - self.debit_minor)

    @property
    def inflight_minor(self) -> int:
        """Held credits less held debits."""
        return int(self.inflight_credit_minor - self.inflight_debit_minor)

    @property
    def has_inflight(self) -> bool:
        return bool(self.inflight_credit_minor or self.inflight_debit_minor)

    @property
    def held_minor(self) -> int:
        """What holds may still take from it: inflight, against its normal side."""
        is_credit = self.normal_side == self.NormalSide.CREDIT
        return int(self.inflight_debit_minor if is_credit else self.inflight_credit_minor)

    @property
    def available_minor(self) -> int:
        """What can be spent: the figure on its normal side, less what holds may still take."""
        is_credit = self.normal_side == self.NormalSide.CREDIT
        return (self.balance_minor if is_credit else -self.balance_minor) - self.held_minor

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing, inflight included, so that it can be closed."""
        return not (self.balance_minor or self.has_inflight)

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def event_count(self) -> int:
        """Its transactions, each with all that follows it counted once."""
        return self.transaction_count - self.follower_count
