"""A posted transaction as the form that would enter it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from balances.models import Balance
from ledgers.money import format_entered
from transactions.exchange import format_rate
from transactions.forms.journals import JournalForm
from transactions.forms.options import (
    ANY_OVERDRAFT,
    LIMITED_OVERDRAFT,
    NO_OVERDRAFT,
    OptionsForm,
)
from transactions.forms.transfers import TransferForm
from transactions.models import Entry, Reservation, Transaction
from transactions.requests import CREDIT, DEBIT, UNLIMITED


@dataclass(frozen=True, slots=True)
class Copy:
    """What a form is opened with."""

    form_class: type[OptionsForm]
    initial: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    balance: Balance
    direction: int
    amount_minor: int

    @property
    def amount(self) -> str:
        return format_entered(self.amount_minor, self.balance.currency.exponent)


def copy_of(transaction: Transaction) -> Copy:
    """What would enter this transaction anew, without its reference and its date.

    Two lines are a transfer, four with a rate an exchange, everything else a journal entry.
    """
    lines = _lines_of(transaction)
    initial = {
        "description": transaction.description,
        "metadata": transaction.metadata,
        "is_hold": transaction.kind == Transaction.Kind.HOLD,
        **_overdraft_of(transaction, lines),
    }
    directions = [line.direction for line in lines]
    if sorted(directions) == [DEBIT, CREDIT]:
        source, destination = sorted(lines, key=lambda line: line.direction)
        return Copy(TransferForm, initial | _sides(source, destination))
    if transaction.exchange_rate and directions == [DEBIT, CREDIT, DEBIT, CREDIT]:
        exchange = {
            "rate": format_rate(transaction.exchange_rate),
            "through": lines[1].balance.indicator,
        }
        return Copy(TransferForm, initial | exchange | _sides(lines[0], lines[3]))
    return Copy(JournalForm, initial, [_row(line) for line in lines])


def _lines_of(transaction: Transaction) -> list[_Line]:
    lines: list[Entry | Reservation] = list(
        transaction.entries.select_related("balance__currency").order_by("pk")
    )
    lines = lines or list(
        transaction.reservations.select_related("balance__currency").order_by("pk")
    )
    return [_Line(line.balance, line.direction, int(line.amount_minor)) for line in lines]


def _sides(source: _Line, destination: _Line) -> dict[str, str]:
    return {
        "source": source.balance.key,
        "destination": destination.balance.key,
        "amount": source.amount,
        "currency": source.balance.currency_id,
    }


def _row(line: _Line) -> dict[str, str]:
    side = "debit" if line.direction == DEBIT else "credit"
    return {
        "side": line.balance.key,
        "currency": line.balance.currency_id,
        side: line.amount,
    }


def _overdraft_of(transaction: Transaction, lines: Sequence[_Line]) -> dict[str, str]:
    if transaction.overdraft_minor is None:
        return {"overdraft": NO_OVERDRAFT}
    limit = int(transaction.overdraft_minor)
    if limit == UNLIMITED or not lines:
        return {"overdraft": ANY_OVERDRAFT}
    return {
        "overdraft": LIMITED_OVERDRAFT,
        "overdraft_limit": format_entered(limit, lines[0].balance.currency.exponent),
    }
