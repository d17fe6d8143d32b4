"""What of a table is exported, in words, and as an address."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.utils.translation import gettext as _

from exports.reading import Selection
from web.as_of import Moment
from web.htmx import HtmxHttpRequest
from web.tables.pages import list_chips
from web.tables.tabs import view_query


def describe_filter(selection: Selection) -> str:
    """Such as "Posted; Amount is at least 1,000 and Currency is “EUR”"; "" for all rows of now."""
    table, state = selection.table, selection.state
    parts = _describe_moment(selection.moment)
    if state.tab is not None and state.tab != table.tabs[0]:
        parts.append(str(state.tab.label))
    if state.text and all(name != "q" for _words, name in table.chips(state)):
        parts.append(_("holds “%(text)s”") % {"text": state.text})
    for chip in list_chips(cast(HtmxHttpRequest, state.request), table, state):
        if chip.joiner and parts:
            parts[-1] += f" {chip.joiner} {chip.label}"
        else:
            parts.append(chip.label)
    return "; ".join(parts)


def _describe_moment(moment: Moment) -> list[str]:
    told = [
        (_("As of %(when)s"), moment.words),
        (_("As recorded by %(when)s"), moment.known_words),
    ]
    return [words % {"when": when} for words, when in told if when]


def table_query(selection: Selection) -> str:
    """The query under which the page shows these rows."""
    return view_query(selection.state.request.GET)


def read_id(text: str) -> UUID | None:
    """The id that the page gave; None where it gave none."""
    try:
        return UUID(text)
    except ValueError:
        return None
