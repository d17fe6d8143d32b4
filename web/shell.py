"""Where the navigation around every page leads."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from web.shortcuts import keys_to


@dataclass(frozen=True, slots=True)
class Link:
    section: str
    label: str | Promise
    url_name: str

    @property
    def url(self) -> str:
        return reverse(self.url_name)

    @property
    def keys(self) -> str:
        return keys_to(self.url_name)


@dataclass(frozen=True, slots=True)
class Group:
    label: str | Promise
    links: tuple[Link, ...]
    staff_only: bool = False


GROUPS = (
    Group(
        "",
        (
            Link("home", _("Home"), "dashboard:home"),
            Link("ledgers", _("Ledgers"), "ledgers:list"),
            Link("balances", _("Balances"), "balances:list"),
            Link("transactions", _("Transactions"), "transactions:list"),
            Link("identities", _("Identities"), "identities:list"),
        ),
    ),
    Group(
        _("Reports"),
        (
            Link("reports", _("Trial balance"), "reports:trial-balance"),
            Link("entries", _("Entries"), "entries:list"),
        ),
    ),
    Group(_("Trust"), (Link("proof", _("Proof"), "dashboard:proof"),)),
    Group(
        _("Operator"),
        (
            Link("audit", _("Audit trail"), "audit:list"),
            Link("admin", _("Admin"), "admin:index"),
        ),
        staff_only=True,
    ),
)
NEW = (
    Link("ledgers", _("Ledger"), "ledgers:create"),
    Link("balances", _("Balance"), "balances:create"),
    Link("transactions", _("Transaction"), "transactions:create"),
    Link("identities", _("Identity"), "identities:create"),
)
