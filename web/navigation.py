"""The shell's links. They depend on few things, so each variant is rendered once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Link:
    section: str
    label: str | Promise
    url_name: str

    @property
    def url(self) -> str:
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return ""


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
    Group(_("Trust"), (Link("proof", _("Proof"), "dashboard:proof"),)),
    Group(_("Operator"), (Link("admin", _("Admin"), "admin:index"),), staff_only=True),
)
NEW = (
    Link("ledgers", _("Ledger"), "ledgers:create"),
    Link("balances", _("Balance"), "balances:create"),
    Link("transactions", _("Transaction"), "transactions:create"),
    Link("identities", _("Identity"), "identities:create"),
)


def navigation(*, section: str, is_staff: bool) -> SafeString:
    """The main navigation, with `section` marked as the current one."""
    return _navigation(section, is_staff, get_language() or "en")


def new_menu() -> SafeString:
    """The links of the New menu."""
    return _new_menu(get_language() or "en")


@lru_cache(maxsize=64)
def _navigation(section: str, is_staff: bool, language: str) -> SafeString:
    groups = [group for group in GROUPS if is_staff or not group.staff_only]
    with override(language):
        return render_to_string(
            "components/_navigation.html", {"groups": groups, "section": section}
        )


@lru_cache(maxsize=16)
def _new_menu(language: str) -> SafeString:
    with override(language):
        return render_to_string("components/_new_menu.html", {"links": NEW})
