"""How a balance is called and with which sign it is shown, the same on every page."""

from __future__ import annotations

from html import escape
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.models import Balance


def name_balance(*, indicator: str, owner: str | None, public_id: UUID | str) -> str:
    """What people know a balance by: its indicator, its owner, or the start of its id."""
    return indicator or owner or f"bln_{str(public_id)[:8]}…"


def name_of(balance: Balance) -> str:
    """`name_balance` for a row that was read with its identity."""
    owner = balance.identity.name if balance.identity else None
    return name_balance(indicator=balance.indicator, owner=owner, public_id=balance.public_id)


def shown_minor(net_minor: int, normal_side: str) -> int:
    """Credits less debits, as shown: a debit-normal balance counts the other way round."""
    return net_minor if normal_side == Balance.NormalSide.CREDIT else -net_minor


def describe_side(normal_side: str) -> str:
    """How the figure of a balance is counted."""
    if normal_side == Balance.NormalSide.CREDIT:
        return _("Credit-normal: credits less debits")
    return _("Debit-normal: debits less credits")


def link_tag(url: str, name: str, *, note: str = "") -> SafeString:
    """A link for a cell of a table, in the name's own direction; the note stands behind it."""
    tag = f'<a href="{escape(url)}"><bdi>{escape(name)}</bdi></a>'
    if note:
        tag += f' <bdi class="muted">{escape(note)}</bdi>'
    return SafeString(tag)  # every text went through escape()


def spelling_of(indicator: str) -> str:
    """As the house writes it already, whatever the capitals; as it is where it is new."""
    written = Balance.objects.exclude(indicator="").filter(indicator__iexact=indicator)
    spellings = set(written.order_by().values_list("indicator", flat=True))
    return indicator if indicator in spellings else min(spellings, default=indicator)
