"""The last rows of a file: how many rows there are, and what they add up to."""

from __future__ import annotations

from django.utils.translation import gettext as _

from exports.reading import Selection
from web.tables.definition import Sum

CURRENCY = "currency"


def tabulate_totals(selection: Selection, count: int) -> list[list[str]]:
    """One row with the count, and one for each sum that the page says."""
    return [
        _row(selection, _("Total: %(count)s rows") % {"count": count}, {}),
        *(_sum_row(selection, each) for each in selection.sums()),
    ]


def _sum_row(selection: Selection, added: Sum) -> list[str]:
    """The amount stands under its column, if that is shown; else in words."""
    names = {column.name for column in selection.state.columns if column.is_number}
    words = [_("Total %(currency)s") % {"currency": added.currency}]
    if added.label:
        words.append(f"({added.label})")
    if added.column not in names:
        return _row(selection, f"{' '.join(words)}: {added.amount}", {})
    cells = {added.column: added.amount, CURRENCY: added.currency}
    return _row(selection, " ".join(words), cells)


def _row(selection: Selection, words: str, cells: dict[str, str]) -> list[str]:
    """`words` stand in the first column that holds texts and nothing else here."""
    columns = selection.state.columns
    texts = [each.name for each in columns if not each.is_number and each.name not in cells]
    if texts:
        cells = {**cells, texts[0]: words}
    return [cells.get(column.name, "") for column in columns]
