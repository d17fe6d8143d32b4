"""What the history came to at the end of each day: a cache that entries explain (docs/adr/0010).

Nothing of it is written while posting. `reports.rolling` fills it behind, `prove` compares it
with the entries, and a figure at any moment is read from it and the entries after it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from balances.models import Balance
from ledgers.fields import MinorField
from ledgers.models import Currency, Ledger
from transactions.models import Transaction


class OfCurrency(models.Model):
    """What is told apart by currencies; nothing refers back to it."""

    currency = models.ForeignKey(
        Currency,
        on_delete=models.PROTECT,
        db_column="currency",
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    class Meta:
        abstract = True


class OfLedger(OfCurrency):
    """What is told apart by ledgers and their currencies."""

    ledger = models.ForeignKey(
        Ledger, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )

    class Meta:
        abstract = True


class DayFigures(models.Model):
    """What some entries up to the end of a day (UTC, effective) add up to."""

    day = models.DateField()
    credit_minor = MinorField()
    debit_minor = MinorField()
    entry_count = models.BigIntegerField()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_counts_entries",
                condition=Q(credit_minor__gte=0, debit_minor__gte=0, entry_count__gt=0),
            ),
        ]


class DayTotal(DayFigures):
    """What the entries of a balance add up to.

    A row stands for each day that has entries. The newest row of a balance counts all of its
    entries that are rolled up, so that its `entry_count` is the position of the last of them.
    """

    pk = models.CompositePrimaryKey("balance_id", "day")
    balance = models.ForeignKey(
        Balance,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    def __str__(self) -> str:
        return f"#{self.balance_id} {self.day}"


class LedgerCurrency(OfLedger):
    """A currency in which a ledger has entries that are rolled up, the first on `first_day`."""

    pk = models.CompositePrimaryKey("ledger_id", "currency_id")
    first_day = models.DateField()

    def __str__(self) -> str:
        return f"#{self.ledger_id} {self.currency_id}"


class LedgerDayTotal(DayFigures, OfLedger):
    """What the entries of a ledger in a currency add up to, as `DayTotal` does for a balance.

    `net_credit_minor` adds up, of its balances that had come to more credits than debits by then,
    the difference. What those with more debits come to follows from it.
    """

    pk = models.CompositePrimaryKey("ledger_id", "currency_id", "day")
    net_credit_minor = MinorField()

    class Meta:
        constraints = [
            *DayFigures.Meta.constraints,
            models.CheckConstraint(
                name="ledgerdaytotal_net_is_of_one_side", condition=Q(net_credit_minor__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.ledger_id} {self.currency_id} {self.day}"


class CurrencyDayTotal(DayFigures, OfCurrency):
    """What the entries of all ledgers in a currency add up to; the nets are those of ledgers."""

    pk = models.CompositePrimaryKey("currency_id", "day")
    net_credit_minor = MinorField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="currencydaytotal_counts_entries",
                condition=Q(
                    credit_minor__gte=0,
                    debit_minor__gte=0,
                    net_credit_minor__gte=0,
                    entry_count__gt=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency_id} {self.day}"


class RecordedDay(models.Model):
    """The lowest entry, of those that are rolled up, that was recorded on a day (UTC)."""

    day = models.DateField(primary_key=True)
    first_entry_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.day}"


class RollMark(models.Model):
    """How far the history is rolled up: all entries up to this one, and none after it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    entry_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="rollmark_is_one", condition=Q(id=1, entry_id__gte=0)),
        ]

    def __str__(self) -> str:
        return f"#{self.entry_id}"


class Lookalike(models.Model):
    """A posting or hold that looks like an earlier one: same parties, amounts and day (UTC).

    Found behind the postings by `reports.lookalikes`, and never taken back: a person who says
    that it is no duplicate does so once, with `dismissed_by`.
    """

    transaction = models.OneToOneField(
        Transaction,
        on_delete=models.PROTECT,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    earlier = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    found_at = models.DateTimeField(db_default=Now(), editable=False)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["transaction"], condition=Q(dismissed_at=None), name="lookalike_open"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="lookalike_of_an_earlier", condition=Q(earlier__lt=models.F("transaction"))
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.transaction_id} like #{self.earlier_id}"


class LookalikeMark(models.Model):
    """Up to where entries and reservations were looked at, which share their numbers."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    entry_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="lookalikemark_is_one", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return f"#{self.entry_id}"
