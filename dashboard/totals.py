"""What the balances of a ledger or an owner add up to, as ready strings for a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from django.utils.translation import gettext as _

from balances.figures import CurrencyTotal
from web.addresses import url_of
from web.as_of import NOW, Moment


class TotalRow(TypedDict):
    """One currency; `url` lists the balances that were added up."""

    currency: str
    label: str
    url: str
    count: str
    debits: str
    credits: str
    net: str
    is_negative: bool
    is_now: bool


def format_totals(
    totals: Iterable[CurrencyTotal], *, query: str, moment: Moment = NOW
) -> list[TotalRow]:
    """`query` is what selects the balances, such as "ledger=ldg_…"."""
    address = f"{url_of('balances:list')}?{query}{moment.addition}&currency="
    label = _("Net, %(currency)s")
    return [
        {
            "currency": total.currency,
            "label": label % {"currency": total.currency},
            "url": f"{address}{total.currency}",
            "count": total.count,
            "debits": total.debits,
            "credits": total.credits,
            "net": total.net,
            "is_negative": total.net_minor < 0,
            "is_now": not moment.is_past,
        }
        for total in totals
    ]
