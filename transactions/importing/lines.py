"""Understanding one row: its amount, its date, and the balances it names."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple

from django.utils.translation import gettext as _

from transactions.importing.mapping import FILE, LINE, Column, ImportMapping, Negative, Side
from transactions.importing.reading import Row, Source
from transactions.importing.values import DateReader, ValueTextError, read_amount

# What the engine and the pages do not take; line ends were made spaces before.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Line(NamedTuple):
    """A row that was understood; `debit` and `credit` are names of balances.

    `amount_minor` is signed as in the file. `is_dated` is false where the
    mapping's fallback date stands in for the row's own.
    """

    row: Row
    values: Mapping[str, str]
    amount_minor: int
    currency: str
    effective_at: dt.datetime
    is_dated: bool
    debit: str
    credit: str


class RefusedLineError(Exception):
    """The row cannot be posted; the message says why.

    `is_loss` is false for an amount of zero, whose voucher is complete without it.
    """

    def __init__(self, reason: str, *, is_loss: bool = True) -> None:
        super().__init__(reason)
        self.is_loss = is_loss


class LineReader:
    """Reads the rows of one file; `exponents` has the decimals of every currency."""

    def __init__(
        self, source: Source, mapping: ImportMapping, exponents: Mapping[str, int]
    ) -> None:
        self._mapping = mapping
        self._exponents = exponents
        self._file = source.path.name
        self._dates = DateReader(mapping.date)
        fallback = mapping.date.fallback_for(source.path)
        self._fallback_at = self._dates.at(fallback) if fallback else None
        self._width = len(source.headers)
        cells = [_Cell(column, source.places.get(column.name)) for column in mapping.columns]
        present = [(cell.name, cell.place) for cell in cells if cell.place is not None]
        self._names = [name for name, _place in present]
        # The amount and the date are always there, so this gives a tuple.
        self._texts = itemgetter(*[place for _name, place in present])
        self._special_cells = [cell for cell in cells if not cell.is_plain]
        reference = mapping.transaction.reference.names
        self._reference_cells = [cell for cell in cells if cell.name in reference]
        sides = (*mapping.debit.name.names, *mapping.credit.name.names)
        self._needed = sorted({*reference, *sides, *mapping.amount.currency.names} - {FILE, LINE})

    def with_references(self, rows: Iterable[Row]) -> Iterator[tuple[str, Row]]:
        """Each row with its reference."""
        for row in rows:
            yield self.reference_of(row), row

    def reference_of(self, row: Row) -> str:
        """The reference that the row's transaction gets; empty if the row lacks a part of it."""
        if row.problem:
            return ""
        values = {FILE: self._file, LINE: str(row.line)}
        for cell in self._reference_cells:
            text = cell.read(row.cells)
            if not text:
                return ""
            values[cell.name] = text
        return self._mapping.transaction.reference.render(values)

    def read(self, row: Row) -> Line:
        """Understand a row.

        Raises:
            RefusedLineError: it is not CSV, lacks something, or its amount or
                date cannot be read; the message gives every reason.
        """
        if row.problem:
            raise RefusedLineError(row.problem)
        cells = row.cells
        if len(cells) < self._width:
            cells = cells + [""] * (self._width - len(cells))
        values = dict(zip(self._names, map(str.strip, self._texts(cells)), strict=True))
        text = "".join(values.values())
        # All but a few rows are clean, which is quick to see.
        is_odd = "  " in text or not text.isprintable()
        if is_odd:
            values = {name: " ".join(text.split()) for name, text in values.items()}
        for cell in self._special_cells:
            values[cell.name] = cell.finish(values.get(cell.name, ""))
        values[FILE], values[LINE] = self._file, str(row.line)
        reasons = [_("%s is empty") % name for name in self._needed if not values[name]]
        if is_odd and _CONTROL.search("".join(values.values())):
            reasons.append(_("the text holds control characters"))
        currency = self._mapping.amount.currency.render(values).upper()
        amount_minor = self._read_amount(values, currency, reasons)
        effective_at, is_dated = self._read_date(values, reasons)
        debit = _read_name(self._mapping.debit, values, reasons)
        credit = _read_name(self._mapping.credit, values, reasons)
        if reasons or effective_at is None:
            is_empty = not any(map(str.strip, cells))
            raise RefusedLineError(_("the row is empty") if is_empty else "; ".join(reasons))
        if amount_minor == 0:
            raise RefusedLineError(_("the amount is zero"), is_loss=False)
        return Line(row, values, amount_minor, currency, effective_at, is_dated, debit, credit)

    def _read_amount(self, values: Mapping[str, str], currency: str, reasons: list[str]) -> int:
        rules = self._mapping.amount
        exponent = self._exponents.get(currency)
        if exponent is None:
            if currency:
                reasons.append(_("there is no currency %s") % currency)
            return 0
        text, less = values[rules.column], values[rules.less] if rules.less else ""
        try:
            amount_minor = 0
            if text or not less:
                amount_minor = read_amount(text, rules=rules, currency=currency, exponent=exponent)
            if less:
                amount_minor -= read_amount(less, rules=rules, currency=currency, exponent=exponent)
        except ValueTextError as error:
            reasons.append(str(error))
            return 0
        if amount_minor < 0 and rules.negative is Negative.REFUSE:
            reasons.append(_("the amount is below zero"))
        return amount_minor

    def _read_date(
        self, values: Mapping[str, str], reasons: list[str]
    ) -> tuple[dt.datetime | None, bool]:
        text = values[self._mapping.date.column]
        if moment := self._dates.read(text):
            return moment, True
        if self._fallback_at is None:
            reasons.append(
                _("the date %r cannot be read") % text if text else _("the date is empty")
            )
        return self._fallback_at, False


class _Cell:
    """Where a column stands in a file, and how its text is taken."""

    def __init__(self, column: Column, place: int | None) -> None:
        self.name = column.name
        self.place = place
        self._blank = column.blank
        self._before = column.before

    @property
    def is_plain(self) -> bool:
        return self.place is not None and not self._before and not self._blank

    def read(self, cells: list[str]) -> str:
        """The text with single spaces; empty where the file or the row has no such cell."""
        if self.place is None or self.place >= len(cells):
            return self._blank
        return self.finish(" ".join(cells[self.place].split()))

    def finish(self, text: str) -> str:
        """What stands before the separators, or what a blank means."""
        for separator in self._before:
            text = text.partition(separator)[0]
        return text.rstrip() or self._blank


def _read_name(side: Side, values: Mapping[str, str], reasons: list[str]) -> str:
    name = side.name.render(values)
    if len(name) > side.name_length_max:
        reasons.append(
            _("%(name)r is longer than %(count)d characters")
            % {"name": f"{name[:40]}…", "count": side.name_length_max}
        )
    return name
