"""A statement as a table for a file: all of its lines, with exact amounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from balances.naming import name_of, shown_minor
from ledgers.money import format_plain
from reports.moments import Totals
from reports.places import with_running
from reports.register import Party, counterparty_of, find_counterparties
from reports.statement import Statement, read_lines
from reports.statement_rows import describe
from transactions.models import Entry
from web.as_of import CLOCKS, Moment
from web.files import Column, Table
from web.formatting import format_date

PAPER = "pdf"


def name_file(statement: Statement, moment: Moment) -> str:
    """What a download is called, without its ending: of which days, and of which moment."""
    balance, period = statement.balance, statement.period
    days = f"{period.first}-{period.last_that_counts}"
    name = f"statement-{name_of(balance)}-{balance.currency_id}-{days}"
    return f"{name}-{moment.file_name}" if moment.is_past else name


def tabulate(statement: Statement, moment: Moment, *, kind: str, now: datetime) -> Table:
    """The statement for a file of this kind; reading its last row checks that it ties.

    It is of this `moment`, read at `now`. A PDF has the columns of the page; the others also
    have what programs need, and each line of them says of which moment it is.
    """
    writer = _Writer(statement, moment.clocks(now), is_paper=kind == PAPER)
    return Table(
        title=_("Statement"),
        subtitle=[*describe(statement), *moment.describe(now)],
        columns=writer.columns(),
        rows=writer.rows(),
        totals=[writer.totals()],
    )


class _Writer:
    """The rows of one statement."""

    def __init__(self, statement: Statement, clocks: list[str], *, is_paper: bool) -> None:
        self.statement = statement
        self.clocks = clocks
        self.balance = statement.balance
        self.is_paper = is_paper
        self.zone = timezone.get_current_timezone()

    def columns(self) -> list[Column]:
        columns = [
            Column(_("Date")),
            Column(_("Reference")),
            Column(_("Counterparty")),
            Column(_("Description")),
            Column(_("Debit"), is_number=True),
            Column(_("Credit"), is_number=True),
            Column(_("Balance"), is_number=True),
        ]
        if not self.is_paper:
            names = (_("Currency"), _("Effective"), _("Recorded"), _("Transaction"))
            columns += [Column(str(name)) for name in (*names, *CLOCKS)]
        return columns

    def rows(self) -> Iterator[list[str]]:
        opening = self.statement.opening
        first_minor = opening.net_minor
        yield self._boundary(_("Opening balance"), opening, ["", ""], self.statement.period.first)
        for entries in read_lines(self.statement):
            ids = [entry["transaction_id"] for entry in entries]
            parties = find_counterparties(self.balance, ids)
            lines = with_running(entries, first_minor=first_minor)
            for line in lines:
                yield self._line(line, counterparty_of(line, parties))
            first_minor = lines[-1]["running_minor"]

    def totals(self) -> list[str]:
        moved, closing = self.statement.moved, self.statement.closing
        amounts = [self._amount(moved.debit_minor), self._amount(moved.credit_minor)]
        day = self.statement.period.last_that_counts
        return self._boundary(_("Closing balance"), closing, amounts, day)

    def _boundary(self, label: str, figure: Totals, amounts: list[str], day: date) -> list[str]:
        cells = [self._day(day), "", "", label, *amounts, self._shown(figure.net_minor)]
        particulars = [self.balance.currency_id, "", "", "", *self.clocks]
        return cells if self.is_paper else [*cells, *particulars]

    def _line(self, entry: dict[str, Any], party: Party) -> list[str]:
        amount = self._amount(entry["amount_minor"])
        is_credit = entry["direction"] == Entry.Direction.CREDIT
        cells = [
            self._day(entry["effective_at"].astimezone(self.zone).date()),
            entry["transaction__reference"],
            party.name,
            entry["whole_text"],
            "" if is_credit else amount,
            amount if is_credit else "",
            self._shown(entry["running_minor"]),
        ]
        return cells if self.is_paper else [*cells, *self._particulars(entry)]

    def _particulars(self, entry: dict[str, Any]) -> list[str]:
        return [
            self.balance.currency_id,
            self._moment(entry["effective_at"]),
            self._moment(entry["transaction__created_at"]),
            f"txn_{entry['transaction__public_id']}",
            *self.clocks,
        ]

    def _amount(self, minor: int) -> str:
        return format_plain(minor, self.balance.currency.exponent)

    def _shown(self, net_minor: int) -> str:
        return self._amount(shown_minor(net_minor, self.balance.normal_side))

    def _moment(self, value: datetime) -> str:
        return value.astimezone(self.zone).isoformat(timespec="seconds")

    def _day(self, day: date) -> str:
        return format_date(day) if self.is_paper else day.isoformat()
