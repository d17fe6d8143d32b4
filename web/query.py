"""Addresses that differ from the present one in some of their query parameters."""

from __future__ import annotations

from copy import copy
from urllib.parse import quote, urlencode

from django.http import HttpRequest, QueryDict

# What belongs to one look at a table and must not survive a change of sort or filter.
VOLATILE = ("cursor", "new", "expect", "look", "jump")


def url_with(request: HttpRequest, **changes: object) -> str:
    """The present address with some query parameters changed; None or "" removes one.

    What is volatile is dropped unless given: another sort or filter begins at page one.
    """
    return changed_url(request.path, request.GET, **changes)


def changed_url(path: str, present: QueryDict, **changes: object) -> str:
    """`url_with` for an address in its parts."""
    query = {name: values for name, values in present.lists() if name not in VOLATILE}
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = [str(value)]
    if not query:
        return path
    return f"{path}?{urlencode(query, doseq=True, safe=':@', quote_via=quote)}"


def url_with_lists(request: HttpRequest, **changes: list[str]) -> str:
    """The present address with some repeated parameters changed; an empty list removes one.

    How exactly was counted is dropped as well: it was asked of other rows.
    """
    left_out = (*VOLATILE, "count")
    query = {name: values for name, values in request.GET.lists() if name not in left_out} | changes
    encoded = urlencode(query, doseq=True, safe=":,@|", quote_via=quote)
    return f"{request.path}?{encoded}" if encoded else request.path


def with_query(request: HttpRequest, query: str) -> HttpRequest:
    """The same request, for another query of its page."""
    asked = copy(request)
    asked.GET = QueryDict(query)
    return asked
