"""The last rows of a file: how many rows there are, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exports.operations import Progress
from exports.reading import Selection
from web.tables.definition import Sum

CURRENCY = "currency"


def tabulate_totals(selection: Selection, progress: Progress) -> Iterator[list[str]]:
    """A row with the count, and the sums that the page says; read after the other rows.

    The sums of one currency stand in one row, each under its column. Those that have none, or
    whose column is not shown, stand in words in a row of their own. What of a sum counts
    otherwise follows it.
    """
    count = progress.row_count
    words = ngettext("Total: %(count)s row", "Total: %(count)s rows", count) % {"count": count}
    yield _row(selection, words, {})
    by_currency: dict[str, list[Sum]] = {}
    for added in selection.sums():
        if added.column in _number_names(selection):
            by_currency.setdefault(added.currency, []).append(added)
        else:
            said = (f"{_total_of(added)}: {added.amount}", added.of_which)
            yield _row(selection, ", ".join(filter(None, said)), {})
    for currency, sums in by_currency.items():
        words = _total_of(sums[0], has_label=len(sums) == 1)
        cells = {added.column: added.amount for added in sums}
        yield _row(selection, words, {**cells, CURRENCY: currency})
        for column, part in [(added.column, part) for added in sums for part in added.parts]:
            words = _("of which %(parts)s") % {"parts": part.label}
            yield _row(selection, words, {column: part.amount, CURRENCY: currency})


def _number_names(selection: Selection) -> set[str]:
    return {column.name for column in selection.shown if column.is_number}


def _total_of(added: Sum, *, has_label: bool = True) -> str:
    label = f" ({added.label})" if added.label and has_label else ""
    return f"{_('Total %(currency)s') % {'currency': added.currency}}{label}"


def _row(selection: Selection, words: str, cells: Mapping[str, str]) -> list[str]:
    """`words` stand in the first column that holds texts and nothing else here."""
    columns = selection.shown
    texts = [each.name for each in columns if not each.is_number and each.name not in cells]
    filled = {**cells, texts[0]: words} if texts else cells
    return [filled.get(column.name, "") for column in columns]
