"""What of the things chosen for a file does not fit its rows, the books, or one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from balances.models import Balance
from imports.amounts import Written, read_amounts
from imports.dates import DATE_STYLES
from imports.sample import Sample
from ledgers.models import Currency
from transactions.forms.sides import Side, settle_side

# A field, and what is wrong there.
Problem = tuple[str, str]
SIDES = ("debit", "credit")


def find_problems(given: Mapping[str, Any], sample: Sample) -> Iterator[Problem]:
    """Each field of `ColumnsForm` that must be put right, and why.

    `given` holds the cleaned values, without those that were refused before.
    """
    exponents = dict(Currency.objects.values_list("code", "exponent"))
    yield from _judge_dates(given, sample)
    yield from _judge_currency(given, sample, exponents)
    yield from _judge_amounts(given, sample, exponents)
    for side in SIDES:
        yield from _judge_ways(given, side)
    yield from _judge_balances(given, sample)


def _judge_dates(given: Mapping[str, Any], sample: Sample) -> Iterator[Problem]:
    column, style = given.get("date"), DATE_STYLES.get(given.get("date_format", ""))
    texts = sample.texts(column) if column else []
    if style and texts and not any(map(style.reader().read, texts)):
        yield (
            "date_format",
            _("None of the first rows has its date written like this; one has “%s”.") % texts[0],
        )


def _judge_currency(
    given: Mapping[str, Any], sample: Sample, exponents: Mapping[str, int]
) -> Iterator[Problem]:
    if not {"currency", "currency_column"} <= given.keys():
        return
    column = given["currency_column"]
    if given["currency"] and column:
        yield "currency_column", _("Choose one currency for all rows or a column, not both.")
    elif not given["currency"] and not column:
        yield "currency", _("Choose a currency, or the column that holds it.")
    elif column:
        texts = sample.texts(column)
        if texts and not any(text.upper() in exponents for text in texts):
            yield (
                "currency_column",
                _("None of the first rows has the code of a currency here; one has “%s”.")
                % texts[0],
            )


def _judge_amounts(
    given: Mapping[str, Any], sample: Sample, exponents: Mapping[str, int]
) -> Iterator[Problem]:
    if given.get("date") and given.get("date") == given.get("amount"):
        yield "amount", _("This is the column of the date. Choose another.")
        return
    if given.get("less") and given.get("less") == given.get("amount"):
        yield "less", _("This column is the first one. Choose another, or none.")
        return
    if not given.get("decimal") or "signs" not in given:
        return
    for name in ("amount", "less"):
        written = _written(given, sample, exponents, given.get(name, ""))
        amounts = read_amounts(
            written, decimal=given["decimal"], signs=given["signs"].split(), exponents=exponents
        )
        if written and not amounts.minors:
            message = _("None of the first rows has an amount here that can be read: %s.")
            yield name, message % amounts.reason
        elif name == "less" and amounts.minors and max(amounts.minors) < 0:
            yield (
                name,
                _(
                    "The amounts in this column have a minus: taken from the others, they would"
                    " add to them. Remove it in the file."
                ),
            )


def _written(
    given: Mapping[str, Any], sample: Sample, exponents: Mapping[str, int], column: str
) -> list[Written]:
    """The amounts that stand in a column, where their currency is known."""
    currency, currency_column = given.get("currency"), given.get("currency_column")
    if not column or bool(currency) == bool(currency_column):
        return []
    if currency:
        return [Written(text, currency.code) for text in sample.texts(column)]
    place, beside = sample.headers.index(column), sample.headers.index(str(currency_column))
    return [
        Written(row[place], row[beside].upper())
        for row in sample.rows
        if row[place] and row[beside].upper() in exponents
    ]


def _judge_ways(given: Mapping[str, Any], side: str) -> Iterator[Problem]:
    """Money goes to one balance, or to those of a column's values in a ledger."""
    column_name, ledger_name = f"{side}_column", f"{side}_ledger"
    if not {side, column_name, ledger_name} <= given.keys():
        return
    balance, column, ledger = given[side], given[column_name], given[ledger_name]
    if balance and column:
        yield column_name, _("Name one balance above or choose a column, not both.")
    elif ledger and not column:
        yield column_name, _("Choose the column of their owners, or leave the ledger empty.")
    elif column and not ledger:
        yield ledger_name, _("Name the ledger that holds these balances.")
    elif not balance and not column:
        yield side, _("Name a balance, or choose a column below.")


def _judge_balances(given: Mapping[str, Any], sample: Sample) -> Iterator[Problem]:
    """Balances are open, in a currency of the file, and not the same on both sides."""
    settled: dict[str, Side] = {}
    for side in SIDES:
        if not given.get(side):
            continue
        settled[side] = given[side]
        try:
            if given.get("currency"):
                settled[side] = settle_side(given[side], given["currency"])
        except ValidationError as error:
            yield side, error.messages[0]
        yield from _judge_balance(given, sample, side)
    if len(settled) == 2 and _are_same(settled["debit"], settled["credit"]):
        yield "credit", _("This is the balance that is debited. Money moves between two.")
    if _owners(given, "debit") and _owners(given, "debit") == _owners(given, "credit"):
        yield (
            "credit_column",
            _("These balances are the debited ones. Money moves between two."),
        )


def _judge_balance(given: Mapping[str, Any], sample: Sample, side: str) -> Iterator[Problem]:
    balance = given[side]
    if not isinstance(balance, Balance):
        return
    own, currency = balance.currency_id, given.get("currency")
    if currency and currency.code != own:
        yield (
            side,
            _("This balance is in %(own)s, and the amounts are in %(currency)s.")
            % {"own": own, "currency": currency.code},
        )
    elif column := given.get("currency_column"):
        texts = sample.texts(column)
        if texts and own not in map(str.upper, texts):
            yield side, _("This balance is in %s, and none of the first rows is.") % own


def _are_same(debit: Side, credit: Side) -> bool:
    if isinstance(debit, Balance) and isinstance(credit, Balance):
        return debit == credit
    names = {
        (side.indicator if isinstance(side, Balance) else side).casefold()
        for side in (debit, credit)
    }
    return len(names) == 1


def _owners(given: Mapping[str, Any], side: str) -> tuple[str, str] | None:
    """Whose balances a side takes: the values of this column, in this ledger."""
    column, ledger = given.get(f"{side}_column"), given.get(f"{side}_ledger")
    return (column, ledger.casefold()) if column and ledger else None
