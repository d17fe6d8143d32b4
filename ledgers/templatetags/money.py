from __future__ import annotations

from django import template

from ledgers.models import Currency
from ledgers.money import format_amount

register = template.Library()


@register.filter
def money(minor: int, currency: Currency) -> str:
    """`{{ balance.credit_minor|money:balance.currency }}`: with the currency's decimals."""
    return format_amount(minor, currency.exponent)
