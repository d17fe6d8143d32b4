"""Figures are links to what makes them: whoever follows one is told if it says something else.

A link carries what it shows as `?expect=`, in minor units: credits less debits and, where the page
that it leads to is of the same period, the debits and the credits. That page adds its own lines up
and compares.
"""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ledgers.money import format_amount

FIGURES = re.compile(r"(-?[0-9]{1,40})(?:,([0-9]{1,40}),([0-9]{1,40}))?")


def expecting(net_minor: int, debit_minor: int, credit_minor: int) -> str:
    """What a link says that the page it leads to adds up to."""
    return f"{net_minor},{debit_minor},{credit_minor}"


def check_arrival(
    request: HttpRequest, net_minor: int, debit_minor: int, credit_minor: int, *, exponent: int
) -> bool:
    """Compare what stands here with what the link said; a message names what differs.

    Answers whether figures were brought along, and are the same.
    """
    match = FIGURES.fullmatch(request.GET.get("expect", ""))
    if not match:
        return False
    compared = (
        (match[1], net_minor, _("credits less debits")),
        (match[2], debit_minor, _("debits")),
        (match[3], credit_minor, _("credits")),
    )
    for expected, found, figure in compared:
        if expected is not None and int(expected) != found:
            _tell(request, int(expected), found, figure=figure, exponent=exponent)
            return False
    return True


def _tell(request: HttpRequest, expected: int, found: int, *, figure: str, exponent: int) -> None:
    told = _(
        "You followed a figure of %(expected)s, and what stands here adds up to %(found)s "
        "(%(figure)s). Something was posted or dated back meanwhile: load both pages "
        "again, and run a proof if they still differ."
    )
    values = {
        "expected": format_amount(expected, exponent),
        "found": format_amount(found, exponent),
        "figure": figure,
    }
    messages.error(request, told % values)
