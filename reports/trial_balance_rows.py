"""The lines of a trial balance as HTML, each figure with the address of what makes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from urllib.parse import urlencode
from uuid import UUID

from django.utils.safestring import SafeString

from balances.models import Balance
from balances.naming import name_balance
from ledgers.money import LONG, format_amount
from reports.arrival import expecting
from reports.trial_balance import BalanceLine, Figures, LedgerLine, Scope, TotalLine
from web.addresses import url_of
from web.as_of import DAY
from web.formatting import ROWS_KEPT, Reader, active_reader
from web.rows import join_rows, render_row


@dataclass(frozen=True)
class Addresses:
    """Where the figures of a trial balance lead, at the same moment and from the same day."""

    scope: Scope
    start_text: str

    @cached_property
    def query(self) -> dict[str, str]:
        start = {"from": self.start_text} if self.start_text else {}
        return {**start, **self.scope.moment.parameters}

    def of_ledger(self, public_id: UUID, currency: str) -> str:
        """The trial balance of that ledger in that currency."""
        shared = _encode(("currency", currency), *self.query.items())
        return f"{url_of('reports:trial-balance')}?ledger=ldg_{public_id}&{shared}&"

    def of_total(self, total: TotalLine) -> str:
        """The lines in the currency of a total, with what they are to add up to."""
        ledger = self.scope.ledger
        query = {"ledger": ledger.key} if ledger else {}
        expected = expecting(total.net_minor, total.debit_minor, total.credit_minor)
        query |= {"currency": total.currency, **self.query, "expect": expected}
        return f"{url_of('reports:trial-balance')}?{_encode(*query.items())}"

    def of_net(self, total: TotalLine) -> str:
        """The balances in the currency of a total, as they are at the moment."""
        ledger = self.scope.ledger
        query = {"ledger": ledger.key} if ledger else {}
        query |= {"currency": total.currency, **self.scope.moment.parameters}
        return f"{url_of('balances:list')}?{_encode(*query.items())}"

    def of_balance(self, public_id: UUID) -> str:
        """The statement from that day on; without one, the register of the balance."""
        name, query = self._of_balances
        return f"{url_of(name, public_id)}?{query}"

    @cached_property
    def is_period_kept(self) -> bool:
        """Whether the page of a balance is of the period; a statement begins with a day."""
        return self.scope.start is None or bool(DAY.fullmatch(self.start_text))

    @cached_property
    def _of_balances(self) -> tuple[str, str]:
        """The name of their pages, and what their addresses ask for."""
        name, moment = "balances:detail", self.scope.moment
        query = moment.parameters
        if DAY.fullmatch(self.start_text):
            name = "balances:statement"
            query = {"from": self.start_text, "to": moment.day or moment.today, **query}
        return name, f"{_encode(*query.items())}&" if query else ""


@lru_cache(maxsize=64)
def _encode(*parameters: tuple[str, str]) -> str:
    """A part of an address that many lines share."""
    return urlencode(parameters, safe=":,")


def render_ledger_lines(lines: Iterable[LedgerLine], addresses: Addresses) -> SafeString:
    """The body of the table; every figure leads to the trial balance of its ledger."""
    has_opening, reader = addresses.scope.start is not None, active_reader()
    return join_rows(
        _render_line(
            _minors(line.figures),
            exponent=line.exponent,
            name=line.ledger["name"],
            url=addresses.of_ledger(line.ledger["public_id"], line.currency),
            currency=line.currency,
            has_opening=has_opening,
            reader=reader,
        )
        for line in lines
    )


def render_balance_lines(lines: Iterable[BalanceLine], addresses: Addresses) -> SafeString:
    """The body of the table; every figure leads to the register or statement of its balance."""
    has_opening, reader = addresses.scope.start is not None, active_reader()
    return join_rows(
        _render_line(
            _minors(line.figures),
            exponent=line.balance["currency__exponent"],
            name=name_balance(
                indicator=line.balance["indicator"],
                owner=line.balance["identity__name"],
                public_id=line.balance["public_id"],
            ),
            url=addresses.of_balance(line.balance["public_id"]),
            currency=line.balance["currency_id"],
            normal_side=line.balance["normal_side"],
            has_opening=has_opening,
            is_same_period=addresses.is_period_kept,
            reader=reader,
        )
        for line in lines
    )


def _minors(figures: Figures) -> tuple[int, int, int, int]:
    """Credits and debits before the start, and at the end."""
    opening, closing = figures.opening, figures.closing
    return opening.credit_minor, opening.debit_minor, closing.credit_minor, closing.debit_minor


@lru_cache(maxsize=ROWS_KEPT)
def _render_line(  # noqa: PLR0913 -- all that its text follows from
    minors: tuple[int, int, int, int],
    *,
    exponent: int,
    name: str,
    url: str,
    currency: str,
    normal_side: str = "",
    has_opening: bool,
    is_same_period: bool = True,
    reader: Reader,
) -> SafeString:
    """`url` ends where the figures that are expected there follow."""
    opening_credit, opening_debit, closing_credit, closing_debit = minors
    opening_minor, closing_minor = opening_credit - opening_debit, closing_credit - closing_debit
    is_debit = closing_minor < 0 or (closing_minor == 0 and normal_side == Balance.NormalSide.DEBIT)
    closing = format_amount(abs(closing_minor), exponent)
    debit_minor, credit_minor = closing_debit - opening_debit, closing_credit - opening_credit
    expected = str(closing_minor)
    if is_same_period:
        expected = expecting(closing_minor, debit_minor, credit_minor)
    return render_row(
        "reports/_trial_balance_rows.html",
        {
            "name": name,
            "url": SafeString(escape(f"{url}expect={expected}")),
            "currency": currency,
            "has_opening": has_opening,
            "opening": format_amount(abs(opening_minor), exponent),
            "is_opening_debit": opening_minor < 0,
            "is_opening_credit": opening_minor > 0,
            "debits": format_amount(debit_minor, exponent),
            "credits": format_amount(credit_minor, exponent),
            "closing_debit": closing if is_debit else "",
            "closing_credit": "" if is_debit else closing,
            "css": "num long" if len(closing) > LONG else "num",
        },
    )


@dataclass(frozen=True, slots=True)
class Foot:
    """The totals of one currency; `net` is what the closing figures come to, on its side.

    It leads to the balances. The others are links to the lines of that currency alone, and plain
    text there.
    """

    currency: str
    shown_currency: SafeString
    opening: SafeString
    is_opening_debit: bool
    is_opening_credit: bool
    debits: SafeString
    credits: SafeString
    closing_debit: SafeString
    closing_credit: SafeString
    net: SafeString
    is_net_debit: bool
    is_tied: bool
    is_long: bool


def format_feet(totals: Iterable[TotalLine], addresses: Addresses) -> list[Foot]:
    return [_foot(total, addresses) for total in totals]


def _foot(total: TotalLine, addresses: Addresses) -> Foot:
    opening_minor = total.opening_credit_minor - total.opening_debit_minor
    url = "" if addresses.scope.currency else addresses.of_total(total)
    net = format_amount(abs(total.net_minor), total.exponent)
    beginning, end = (f'<a href="{escape(url)}">', "</a>") if url else ("", "")

    def write(minor: int) -> SafeString:
        return SafeString(f"{beginning}{format_amount(minor, total.exponent)}{end}")

    return Foot(
        currency=total.currency,
        shown_currency=SafeString(f"{beginning}{escape(total.currency)}{end}"),
        opening=write(abs(opening_minor)),
        is_opening_debit=opening_minor < 0,
        is_opening_credit=opening_minor > 0,
        debits=write(total.debit_minor),
        credits=write(total.credit_minor),
        closing_debit=write(total.closing_debit_minor),
        closing_credit=write(total.closing_credit_minor),
        net=SafeString(f'<a href="{escape(addresses.of_net(total))}">{net}</a>'),
        is_net_debit=total.net_minor < 0,
        is_tied=total.is_tied,
        is_long=len(format_amount(total.closing_debit_minor, total.exponent)) > LONG,
    )
