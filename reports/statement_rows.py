"""A statement as its page prints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from balances.models import Balance
from balances.naming import describe_side, name_of, shown_minor
from ledgers.money import format_amount
from reports.moments import Totals
from reports.places import with_running
from reports.register import render_register
from reports.statement import Statement, StatementPage
from web.formatting import format_count


@dataclass(frozen=True, slots=True)
class Figure:
    """What a balance had come to at some place, on its normal side."""

    text: str
    is_negative: bool

    @classmethod
    def of(cls, balance: Balance, totals: Totals) -> Self:
        minor = shown_minor(totals.net_minor, balance.normal_side)
        return cls(format_amount(minor, balance.currency.exponent), minor < 0)


@dataclass(frozen=True, slots=True)
class StatementFigures:
    """The figures of the whole period."""

    opening: Figure
    closing: Figure
    debits: str
    credits: str
    line_total: str

    @classmethod
    def of(cls, statement: Statement) -> Self:
        balance, moved = statement.balance, statement.moved
        exponent, count = balance.currency.exponent, moved.entry_count
        return cls(
            Figure.of(balance, statement.opening),
            Figure.of(balance, statement.closing),
            format_amount(moved.debit_minor, exponent),
            format_amount(moved.credit_minor, exponent),
            ngettext("%(count)s line", "%(count)s lines", count) % {"count": format_count(count)},
        )


def render_lines(page: StatementPage, *, suffix: str) -> SafeString:
    """The lines of a page, each with the figure after it; one query. `suffix` is the moment's."""
    entries = with_running(page.page.rows, first_minor=page.brought.net_minor)
    return render_register(page.statement.balance, entries, suffix=suffix)


def describe(statement: Statement) -> list[str]:
    """What stands above the lines: whose balance it is, of which days, counted how."""
    balance = statement.balance
    return [
        f"{name_of(balance)}, {balance.currency_id} – {balance.ledger.name}",
        statement.period.describe(),
        describe_side(balance.normal_side),
    ]
