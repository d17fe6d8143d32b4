"""Addresses by the name of their page, found out once: a table has three for each row."""

from __future__ import annotations

from functools import cache, lru_cache
from uuid import UUID

from django.urls import reverse

SOME_ID = UUID(int=0)


def url_of(name: str, public_id: UUID | str | None = None) -> str:
    """What `reverse` answers, for pages without arguments or with a public id as the only one."""
    if public_id is None:
        return _whole(name)
    before, after = _around(name)
    return f"{before}{public_id}{after}"


@lru_cache(maxsize=1024)
def url_with_names(name: str, *arguments: str) -> str:
    """What `reverse` answers, for arguments that are texts: the name of a table, a kind of file."""
    return reverse(name, args=arguments)


@cache
def _whole(name: str) -> str:
    return reverse(name)


@cache
def _around(name: str) -> tuple[str, str]:
    """What stands before and after the public id."""
    before, _id, after = reverse(name, args=[SOME_ID]).partition(str(SOME_ID))
    return before, after
