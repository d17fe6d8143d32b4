"""Figures are links to what makes them: whoever follows one is told if it says something else.

A link carries its figure as `?expect=` (credits less debits, in minor units); the page that it
leads to adds its own lines up and compares.
"""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ledgers.money import format_amount

NUMBER = re.compile(r"-?[0-9]{1,40}")


def check_arrival(request: HttpRequest, net_minor: int, *, exponent: int) -> bool:
    """Compare `net_minor`, credits less debits, with what the link said; a message if it differs.

    Answers whether a figure was brought along, and is the same.
    """
    text = request.GET.get("expect", "")
    if not NUMBER.fullmatch(text):
        return False
    if int(text) == net_minor:
        return True
    told = _(
        "You followed a figure of %(expected)s, and what stands here adds up to %(found)s "
        "(credits less debits). Something was posted or dated back meanwhile: load both pages "
        "again, and run a proof if they still differ."
    )
    values = {
        "expected": format_amount(int(text), exponent),
        "found": format_amount(net_minor, exponent),
    }
    messages.error(request, told % values)
    return False
