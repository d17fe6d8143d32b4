"""Which transactions a table shows: read from the address, told in chips, applied to the query.

Each kind of table walks one index, so that a page costs the same however long the history is:
all by (effective_at, id); those of a ledger or a balance by its entries; those found by
reference in the order of their references.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import BooleanField, Exists, F, OuterRef, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from balances.filters import Chip, find_by_key
from balances.models import Balance
from balances.naming import name_of
from ledgers.models import Ledger
from transactions.models import Entry, Transaction
from web.converters import parse_key
from web.counting import count_about, count_exact
from web.formatting import format_count
from web.pagination import Key
from web.query import url_with
from web.text import search_text

# How many references with the text's beginning are looked through within a ledger or balance.
REFERENCES_MAX = 1_000
# OFFSET 0: looked up for each row of a page. As a join, it would read all entries of the balance
# once the server plans without knowing which balance it is.
IS_FIRST = """
NOT EXISTS (
    SELECT FROM transactions_entry AS previous
    WHERE previous.balance_id = transactions_entry.balance_id
      AND previous.position = transactions_entry.position - 1
      AND previous.transaction_id = transactions_entry.transaction_id
    OFFSET 0
)
"""


@dataclass(frozen=True, slots=True)
class TransactionFilter:
    """The filters of a transactions table. `unknown` names those whose record does not exist."""

    ledger: Ledger | None = None
    balance: Balance | None = None
    text: str = ""
    unknown: tuple[str, ...] = ()

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """The filters of `?ledger=&balance=&q=`."""
        ledger_key, balance_key = request.GET.get("ledger", ""), request.GET.get("balance", "")
        ledger = find_by_key(Ledger, ledger_key, "ldg")
        balance = find_by_key(Balance, balance_key, "bln", "identity")
        found = (("ledger", ledger_key, ledger), ("balance", balance_key, balance))
        unknown = tuple(name for name, key, record in found if key and record is None)
        return cls(ledger, balance, search_text(request), unknown)

    @property
    def is_any(self) -> bool:
        """Whether anything is filtered."""
        return bool(self.ledger or self.balance or self.text or self.unknown)

    @property
    def is_impossible(self) -> bool:
        """Whether nothing can pass: an unknown record, or a balance of another ledger."""
        elsewhere = self.ledger and self.balance and self.balance.ledger_id != self.ledger.pk
        return bool(self.unknown or elsewhere)

    def chips(self, request: HttpRequest) -> list[Chip]:
        """What is filtered, in words; each can be removed."""
        labels = {
            "ledger": _("Ledger: %(name)s") % {"name": self.ledger.name} if self.ledger else "",
            "balance": (
                _("Balance: %(name)s, %(currency)s")
                % {"name": name_of(self.balance), "currency": self.balance.currency_id}
                if self.balance
                else ""
            ),
            "q": _("Reference begins with: %(text)s") % {"text": self.text} if self.text else "",
        }
        labels |= {
            name: _("No such record: %(key)s") % {"key": request.GET[name][:60]}
            for name in self.unknown
        }
        return [
            Chip(label, url_with(request, **{name: ""})) for name, label in labels.items() if label
        ]

    def walk(self, *, descending: bool) -> tuple[QuerySet[Any, Any], tuple[Key, ...]]:
        """The rows to page through, each with `transaction_id`, and the order of the pages."""
        if self.text or self.is_impossible:
            return self._matching(), (Key("reference", descending),)
        if self.balance:
            entries = self._first_entries(self.balance)
            keys = (Key("effective_at", descending), Key("id", descending))
            return entries.values("effective_at", "id", "transaction_id"), keys
        keys = (Key("effective_at", descending), Key("transaction_id", descending))
        if self.ledger:
            entries = Entry.objects.filter(ledger=self.ledger)
            return entries.values("effective_at", "transaction_id").distinct(), keys
        transactions = Transaction.objects.annotate(transaction_id=F("id"))
        return transactions.values("effective_at", "transaction_id"), keys

    def count(self) -> str:
        """How many there are: from the counters where a ledger or balance has them."""
        if self.text or self.is_impossible:
            return count_exact(self._matching())
        if self.balance:
            return format_count(self.balance.transaction_count)
        if self.ledger:
            balances = Balance.objects.filter(ledger=self.ledger)
            counted = balances.aggregate(count=Sum("ledger_transaction_count"))["count"]
            return format_count(int(counted or 0))
        return count_about(Transaction)

    def describe_count(self, request: HttpRequest) -> str:
        """The count in words; a rounded one with a link that counts, however long it takes."""
        count = self.count()
        is_rounded = not count.replace(",", "").isdigit()
        if is_rounded and request.GET.get("count") == "exact":
            counted = self._matching() if self.text else Transaction.objects.all()
            count, is_rounded = format_count(counted.count()), False
        if self._is_cut():
            said = _("%(count)s among the first %(max)s references that begin so: type more of it")
            return said % {"count": count, "max": format_count(REFERENCES_MAX)}
        text = (
            _("1 transaction") if count == "1" else _("%(count)s transactions") % {"count": count}
        )
        if not is_rounded:
            return text
        exact_url = url_with(request, count="exact")
        return format_html('{} <a href="{}">{}</a>', text, exact_url, _("Count exactly"))

    def _is_cut(self) -> bool:
        """Whether more references begin so than are looked through in a ledger or balance."""
        if not self.text or self.is_impossible or not self._scopes():
            return False
        return self._beginning()[REFERENCES_MAX : REFERENCES_MAX + 1].exists()

    def _first_entries(self, balance: Balance) -> QuerySet[Entry]:
        """One entry for each transaction on `balance`: positions of a transaction adjoin there."""
        is_first = RawSQL(IS_FIRST, [], output_field=BooleanField())  # noqa: S611 -- a constant
        return Entry.objects.filter(is_first, balance=balance)

    def _beginning(self) -> QuerySet[Transaction]:
        """The transactions whose reference begins with the text, or whose id it is, in order."""
        if self.is_impossible:
            return Transaction.objects.none()
        public_id = parse_key(self.text, "txn")
        found = {"public_id": public_id} if public_id else {"reference__startswith": self.text}
        return Transaction.objects.filter(**found).order_by("reference")

    def _matching(self) -> QuerySet[Transaction, Any]:
        transactions = self._beginning()
        for scope in self._scopes():
            entries = Entry.objects.filter(transaction=OuterRef("pk"), **scope)
            nearest = self._beginning().values("pk")[:REFERENCES_MAX]
            transactions = Transaction.objects.filter(Exists(entries), pk__in=nearest)
        return transactions.annotate(transaction_id=F("id")).values("reference", "transaction_id")

    def _scopes(self) -> Sequence[dict[str, Any]]:
        scope = {"ledger": self.ledger, "balance": self.balance}
        chosen = {name: record for name, record in scope.items() if record}
        return [chosen] if chosen else []
