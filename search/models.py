"""What filters and text search of transactions read: a copy that is filled behind the postings.

Nothing of it is written while posting. `search.indexing` fills it, `prove` compares it with what
it is made from, and it is read through `FoundTransaction` alone, which adds what is not filled
yet: see docs/adr/0013.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, Q

from ledgers.models import EXPONENT_MAX
from search.figures import FIGURES
from transactions.models import Transaction
from users.models import User

if TYPE_CHECKING:
    DecimalField = models.DecimalField[Any, Any]
else:
    DecimalField = models.DecimalField


class MajorField(DecimalField):
    """An amount in major units with as many decimals as its currency has, exactly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = 38 + EXPONENT_MAX, EXPONENT_MAX
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, list(args), kwargs

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric"


class Copied(models.Model):
    """The columns of a document. There is a row for each transaction and currency.

    `amount` is what was debited, or held, in major units of the currency. `line` counts the
    currencies of a transaction from 1, in the order of their codes. `text` is the reference, a
    line break and the description, in lower case.
    """

    pk = models.CompositePrimaryKey("transaction_id", "line")
    transaction = models.ForeignKey(
        Transaction,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    effective_at = models.DateTimeField()
    created_at = models.DateTimeField()
    actor = models.ForeignKey(
        User,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    line = models.SmallIntegerField()
    kind = models.TextField()
    currency = models.TextField()
    amount = MajorField()
    text = models.TextField()
    metadata = models.JSONField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"#{self.transaction_id} {self.currency}"


class Document(Copied):
    """A row of the copy; see `FoundTransaction` for reading."""

    class Meta:
        indexes = [
            # With what is counted and added up of a document, which then need not be read itself.
            models.Index(
                fields=["effective_at", "transaction"],
                include=["line", "kind", "currency", "amount"],
                name="document_effective",
            ),
            models.Index(
                fields=["amount", "transaction"],
                include=["line", "kind", "currency", "effective_at"],
                name="document_amount",
            ),
            models.Index(
                fields=["currency", "effective_at", "transaction"],
                include=["line", "kind", "amount"],
                name="document_currency",
            ),
            BrinIndex(fields=["created_at"], pages_per_range=32, name="document_created"),
            models.Index(
                fields=["actor", "effective_at", "transaction"],
                condition=Q(actor__isnull=False),
                name="document_actor",
            ),
            GinIndex(
                fields=["text"],
                opclasses=["gin_trgm_ops"],
                gin_pending_list_limit=1024,
                name="document_text",
            ),
            GinIndex(
                Func(F("text"), function=FIGURES),
                gin_pending_list_limit=1024,
                name="document_figures",
            ),
            GinIndex(fields=["metadata"], gin_pending_list_limit=1024, name="document_metadata"),
        ]


class FoundTransaction(Copied):
    """A document, filled or not: a view that always has a row for each transaction."""

    class Meta:
        managed = False
        db_table = "search_found"


class FoundLine(Copied):
    """The same, for a query that reads `FoundTransaction` already."""

    class Meta:
        managed = False
        db_table = "search_line"


class Word(models.Model):
    """A word that descriptions hold, to which a misspelt one may be near."""

    word = models.TextField(primary_key=True)

    class Meta:
        indexes = [GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="word_text")]

    def __str__(self) -> str:
        return self.word


class Mark(models.Model):
    """All transactions up to this one have documents, and no further one can appear there."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    transaction_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="searchmark_is_one", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return f"#{self.transaction_id}"


class MetadataChange(models.Model):
    """A database transaction that changed extra information; `xact` is its number."""

    xact = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.xact)
