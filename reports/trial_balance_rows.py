"""The lines of a trial balance as ready strings, each figure with the address of what makes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TypedDict
from urllib.parse import urlencode

from django.utils.safestring import SafeString

from balances.models import Balance
from balances.naming import name_balance
from ledgers.money import format_amount
from reports.trial_balance import BalanceLine, Figures, LedgerLine, Scope, TotalLine
from web.addresses import url_of
from web.as_of import DAY

# Beyond so many signs an amount may break on a phone.
LONG = 16


class Row(TypedDict):
    """One line as the table prints it; every figure leads to `url`."""

    name: str
    url: SafeString
    currency: str
    has_opening: bool
    opening: str
    is_opening_debit: bool
    is_opening_credit: bool
    debits: str
    credits: str
    closing_debit: str
    closing_credit: str
    is_long: bool


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the figures of a trial balance lead, at the same moment and from the same day."""

    scope: Scope
    start_text: str

    @property
    def query(self) -> dict[str, str]:
        start = {"from": self.start_text} if self.start_text else {}
        return {**start, **self.scope.moment.parameters}

    def of_ledger(self, line: LedgerLine) -> str:
        """The trial balance of that ledger in that currency."""
        shared = _encode(("currency", line.currency), *self.query.items())
        return (
            f"{url_of('reports:trial-balance')}?ledger=ldg_{line.ledger['public_id']}&{shared}"
            f"&expect={line.figures.closing.net_minor}"
        )

    def of_currency(self, currency: str) -> str:
        """These lines in one currency."""
        ledger = self.scope.ledger
        query = {"ledger": ledger.key} if ledger else {}
        query |= {"currency": currency, **self.query}
        return f"{url_of('reports:trial-balance')}?{_encode(*query.items())}"

    def of_balance(self, line: BalanceLine, *, today: str) -> str:
        """The statement from that day on; without one, the register of the balance."""
        url = url_of("balances:detail", line.balance["public_id"])
        moment = self.scope.moment
        query = moment.parameters
        if DAY.fullmatch(self.start_text):
            query = {"from": self.start_text, "to": moment.day or today, **query}
            url = url_of("balances:statement", line.balance["public_id"])
        shared = f"{_encode(*query.items())}&" if query else ""
        return f"{url}?{shared}expect={line.figures.closing.net_minor}"


@lru_cache(maxsize=64)
def _encode(*parameters: tuple[str, str]) -> str:
    """A part of an address that many lines share."""
    return urlencode(parameters, safe=":")


def format_ledger_lines(lines: Iterable[LedgerLine], addresses: Addresses) -> list[Row]:
    return [
        _row(
            line.figures,
            line.exponent,
            name=line.ledger["name"],
            url=addresses.of_ledger(line),
            currency=line.currency,
            has_opening=addresses.scope.start is not None,
        )
        for line in lines
    ]


def format_balance_lines(
    lines: Iterable[BalanceLine], addresses: Addresses, *, today: str
) -> list[Row]:
    return [
        _row(
            line.figures,
            line.balance["currency__exponent"],
            name=name_balance(
                indicator=line.balance["indicator"],
                owner=line.balance["identity__name"],
                public_id=line.balance["public_id"],
            ),
            url=addresses.of_balance(line, today=today),
            currency=line.balance["currency_id"],
            has_opening=addresses.scope.start is not None,
            is_debit_normal=line.balance["normal_side"] == Balance.NormalSide.DEBIT,
        )
        for line in lines
    ]


def _row(  # noqa: PLR0913 -- keywords of one row
    figures: Figures,
    exponent: int,
    *,
    name: str,
    url: str,
    currency: str,
    has_opening: bool,
    is_debit_normal: bool = False,
) -> Row:
    opening_minor, closing_minor = figures.opening.net_minor, figures.closing.net_minor
    is_debit = closing_minor < 0 or (closing_minor == 0 and is_debit_normal)
    closing = format_amount(abs(closing_minor), exponent)
    return {
        "name": name,
        "url": SafeString(escape(url)),
        "currency": currency,
        "has_opening": has_opening,
        "opening": format_amount(abs(opening_minor), exponent),
        "is_opening_debit": opening_minor < 0,
        "is_opening_credit": opening_minor > 0,
        "debits": format_amount(figures.debit_minor, exponent),
        "credits": format_amount(figures.credit_minor, exponent),
        "closing_debit": closing if is_debit else "",
        "closing_credit": "" if is_debit else closing,
        "is_long": len(closing) > LONG,
    }


@dataclass(frozen=True, slots=True)
class Foot:
    """The totals of one currency; `net` is what the closing figures come to, on its side."""

    currency: str
    url: str
    opening: str
    is_opening_debit: bool
    is_opening_credit: bool
    debits: str
    credits: str
    closing_debit: str
    closing_credit: str
    net: str
    is_net_debit: bool
    is_tied: bool
    is_long: bool


def format_feet(totals: Iterable[TotalLine], addresses: Addresses) -> list[Foot]:
    return [_foot(total, addresses) for total in totals]


def _foot(total: TotalLine, addresses: Addresses) -> Foot:
    opening_minor = total.opening_credit_minor - total.opening_debit_minor

    def write(minor: int) -> str:
        return format_amount(minor, total.exponent)

    return Foot(
        currency=total.currency,
        url=addresses.of_currency(total.currency),
        opening=write(abs(opening_minor)),
        is_opening_debit=opening_minor < 0,
        is_opening_credit=opening_minor > 0,
        debits=write(total.debit_minor),
        credits=write(total.credit_minor),
        closing_debit=write(total.closing_debit_minor),
        closing_credit=write(total.closing_credit_minor),
        net=write(abs(total.net_minor)),
        is_net_debit=total.net_minor < 0,
        is_tied=total.is_tied,
        is_long=len(write(total.closing_debit_minor)) > LONG,
    )
