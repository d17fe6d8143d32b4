"""Counts and totals over balances, from the running totals that posting keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.db.models import Count, QuerySet, Sum

from balances.filters import column_of
from balances.models import Balance
from balances.naming import shown_minor
from identities.models import Identity
from ledgers.models import Ledger
from ledgers.money import format_amount
from web.formatting import format_count
from web.statements import fetch_all

EXPONENTS = "SELECT code, exponent FROM ledgers_currency WHERE code = ANY (%s)"
SUMS_OF = """
SELECT s.currency, c.exponent, s.count, s.debit_minor, s.credit_minor
FROM (
    SELECT currency, count(*), sum(debit_minor) AS debit_minor, sum(credit_minor) AS credit_minor
    FROM balances_balance WHERE {column} = %s GROUP BY currency
) AS s
JOIN ledgers_currency AS c ON c.code = s.currency
ORDER BY s.currency
"""


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """What the balances of one currency add up to, in minor units."""

    currency: str
    exponent: int
    balance_count: int
    debit_minor: int
    credit_minor: int

    @property
    def net_minor(self) -> int:
        """Credits less debits."""
        return self.credit_minor - self.debit_minor

    @property
    def count(self) -> str:
        return format_count(self.balance_count)

    @property
    def debits(self) -> str:
        return format_amount(self.debit_minor, self.exponent)

    @property
    def credits(self) -> str:
        return format_amount(self.credit_minor, self.exponent)

    @property
    def net(self) -> str:
        return format_amount(self.net_minor, self.exponent)


@dataclass(frozen=True, slots=True)
class BalanceFigures:
    """The six figures of a balance, and its floor, as its page shows them."""

    balance: str
    is_negative: bool
    credits: str
    debits: str
    inflight: str
    inflight_credits: str
    inflight_debits: str
    floor: str

    @classmethod
    def of(cls, balance: Balance) -> Self:
        """Signed by the normal side; `balance` was read with its currency."""
        return cls.at(balance, credits_=balance.credit_minor, debits=balance.debit_minor)

    @classmethod
    def at(cls, balance: Balance, *, credits_: int, debits: int) -> Self:
        """The same with the credits and debits of another moment, in minor units.

        What is inflight, and the floor, are those of now.
        """
        exponent, side = balance.currency.exponent, balance.normal_side
        net_minor = shown_minor(credits_ - debits, side)
        floor_minor = balance.floor_minor
        return cls(
            balance=format_amount(net_minor, exponent),
            is_negative=net_minor < 0,
            credits=format_amount(credits_, exponent),
            debits=format_amount(debits, exponent),
            inflight=format_amount(shown_minor(balance.inflight_minor, side), exponent),
            inflight_credits=format_amount(balance.inflight_credit_minor, exponent),
            inflight_debits=format_amount(balance.inflight_debit_minor, exponent),
            floor="" if floor_minor is None else format_amount(floor_minor, exponent),
        )


def exponents_of(codes: Iterable[str]) -> dict[str, int]:
    """The exponents of these currencies; read apart, since a join would be made per balance."""
    return dict(fetch_all(EXPONENTS, [list(codes)]))


def sum_by_currency(balances: QuerySet[Balance]) -> list[CurrencyTotal]:
    """Debits, credits and number of `balances` for each currency, by code. Reads each once."""
    rows = (
        balances.order_by("currency")
        .values_list("currency")
        .annotate(Count("pk"), Sum("debit_minor"), Sum("credit_minor"))
    )
    sums = list(rows)
    exponents = exponents_of(row[0] for row in sums)
    return [
        CurrencyTotal(code, exponents[code], count, int(debit), int(credit))
        for code, count, debit, credit in sums
    ]


def sum_of(record: Ledger | Identity) -> list[CurrencyTotal]:
    """`sum_by_currency` for the balances of one ledger or owner."""
    rows = fetch_all(SUMS_OF.format(column=column_of(record)), [record.pk])
    return [
        CurrencyTotal(code, exponent, count, int(debit), int(credit))
        for code, exponent, count, debit, credit in rows
    ]
