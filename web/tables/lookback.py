"""What is said where only the latest rows were looked through, for a filter without an index."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.formatting import format_datetime
from web.query import url_with

# So many rows are looked through, and this much, in the server's units, may looking through all
# of them cost: a third of a second.
LATEST = 100_000
DEAR = 20_000.0


def to_the_minute(moment: datetime) -> datetime:
    """As it is said: what is looked through begins there."""
    return moment.replace(second=0, microsecond=0)


def say_looked_back(request: HttpRequest, since: datetime) -> SafeString:
    """How far back, and where everything is looked through."""
    told = _("Only what is effective %(since)s or later has been looked through so far.")
    return format_html(
        '{} <a href="{}">{}</a>',
        told % {"since": format_datetime(since)},
        url_with(request, count="exact"),
        _("Look through everything"),
    )
