"""What audit events say of currencies, in words."""

from __future__ import annotations

from audit.telling import tell_choices
from ledgers.models import Currency


def register() -> None:
    tell_choices("currency.kind", Currency.Kind)
