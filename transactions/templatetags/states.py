"""`{% load states %}`: what the states of transactions mean."""

from __future__ import annotations

from django import template

from transactions.states import LEGEND, State

register = template.Library()


@register.simple_tag
def legend() -> tuple[State, ...]:
    """All states, for a list of them: `{% legend as states %}`."""
    return LEGEND
