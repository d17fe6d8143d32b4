"""What the tab All leaves out: schedules that wait, or that were not posted."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from transactions.counts import Count
from transactions.filters import Tab
from web.query import url_with

WORDS = {
    Tab.SCHEDULED: _("%(count)s scheduled, not yet posted"),
    Tab.REJECTED: _("%(count)s rejected"),
}
# What another tab has its own of, or nothing.
DROPPED = dict.fromkeys(("records", "sort", "open", "count", "view"), "")
NONE = Count.of(0)


def list_left_out(request: HttpRequest, counts: Mapping[Tab, Count]) -> list[tuple[str, str]]:
    """In words, with the address of the tab that shows it."""
    return [
        (words % {"count": counts[tab].text}, url_with(request, **DROPPED, tab=tab.value))
        for tab, words in WORDS.items()
        if counts[tab] != NONE
    ]
