"""Path converters for public ids: `ldg_<uuid>` in the address, a `UUID` in the view.

    path("<ldg:public_id>/", ledger_detail, name="detail")
    reverse("ledgers:detail", args=[ledger.public_id])

Only lower-case, hyphenated UUIDs match, so that a record has exactly one address.
"""

from __future__ import annotations

from uuid import UUID

from django.urls import register_converter

UUID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class PublicIdConverter:
    """Base of the converters; a subclass names its prefix."""

    prefix: str
    regex: str

    def __init_subclass__(cls, *, prefix: str) -> None:
        cls.prefix = prefix
        cls.regex = f"{prefix}_{UUID_PATTERN}"

    def to_python(self, value: str) -> UUID:
        return UUID(value.removeprefix(f"{self.prefix}_"))

    def to_url(self, value: UUID | str) -> str:
        return f"{self.prefix}_{str(value).removeprefix(f'{self.prefix}_')}"


class LedgerIdConverter(PublicIdConverter, prefix="ldg"):
    pass


class BalanceIdConverter(PublicIdConverter, prefix="bln"):
    pass


class TransactionIdConverter(PublicIdConverter, prefix="txn"):
    pass


class IdentityIdConverter(PublicIdConverter, prefix="idt"):
    pass


class ScheduleIdConverter(PublicIdConverter, prefix="sch"):
    pass


CONVERTERS = (
    LedgerIdConverter,
    BalanceIdConverter,
    TransactionIdConverter,
    IdentityIdConverter,
    ScheduleIdConverter,
)


def register() -> None:
    """Make `<ldg:…>`, `<bln:…>`, `<txn:…>`, `<idt:…>` and `<sch:…>` known to every URLconf."""
    for converter in CONVERTERS:
        register_converter(converter, converter.prefix)


def parse_key(text: str, prefix: str) -> UUID | None:
    """Read `"ldg_<uuid>"` (as typed, in any case, spaces around it) as its UUID, else None."""
    head, separator, tail = text.strip().lower().partition("_")
    if head != prefix or not separator:
        return None
    try:
        return UUID(tail)
    except ValueError:
        return None
