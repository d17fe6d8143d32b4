"""Every address there is, from the urlconf itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver, reverse

NOWHERE = UUID(int=0)
NAMES = {"name": "transactions", "action": "commit", "kind": "csv"}


class Address(NamedTuple):
    view_name: str
    url: str


def all_addresses(records: Mapping[str, UUID] | None = None) -> list[Address]:
    """One of each pattern but the admin's.

    `records` are public ids by what the address is of ("ldg", "bln" …, or the namespace of a plain
    uuid); what is not there leads nowhere.
    """
    return [
        Address(name, reverse(name, kwargs=_arguments(name, pattern, records or {})))
        for name, pattern in _patterns(get_resolver(), "")
    ]


def _patterns(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}", pattern
        elif pattern.namespace != "admin":
            yield from _patterns(
                pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            )


def _arguments(name: str, pattern: URLPattern, records: Mapping[str, UUID]) -> dict[str, Any]:
    namespace = name.partition(":")[0]
    kinds = {
        argument: getattr(converter, "prefix", namespace)
        for argument, converter in pattern.pattern.converters.items()
    }
    return {each: NAMES.get(each) or records.get(kind, NOWHERE) for each, kind in kinds.items()}
