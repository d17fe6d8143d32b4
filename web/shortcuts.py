"""Every keyboard shortcut, named once: tooltips, `/shortcuts/` and the scripts read it from here.

A link, button or search field with `data-shortcut="f"` is pressed by that key, one with
`data-shortcut="g l"` by `g` and then `l` (static/js/shortcuts-press.js). Keys without Ctrl, Alt or
⌘ are for getting somewhere: none of them changes the books, and each person can switch them off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Keys as `data-shortcut` or `aria-keyshortcuts` write them; `url_name` is where they lead."""

    keys: str
    label: str | Promise
    url_name: str = ""

    @property
    def is_chord(self) -> bool:
        """Whether Ctrl is held: such keys stay when the others are switched off."""
        return self.keys.startswith("Control+")

    @property
    def steps(self) -> Sequence[Sequence[str]]:
        """The keys as a person reads them: pressed together within a step, step after step."""
        return [
            [str(PRINTED.get(key, key)) for key in step.split("+")] for step in self.keys.split(" ")
        ]


@dataclass(frozen=True, slots=True)
class ShortcutGroup:
    label: str | Promise
    shortcuts: tuple[Shortcut, ...]


PRINTED = {"Control": _("Ctrl"), "Escape": _("Esc"), "Shift": _("Shift"), "Enter": _("Enter")}
SEARCH, HELP = "Control+K", "?"

GROUPS = (
    ShortcutGroup(
        _("Anywhere"),
        (
            Shortcut(SEARCH, _("Search everything (⌘ K on a Mac)"), "dashboard:search"),
            Shortcut(HELP, _("Show these shortcuts"), "dashboard:shortcuts"),
            Shortcut("Escape", _("Close what lies over the page")),
        ),
    ),
    ShortcutGroup(
        _("Go to"),
        (
            Shortcut("g h", _("Home"), "dashboard:home"),
            Shortcut("g l", _("Ledgers"), "ledgers:list"),
            Shortcut("g b", _("Balances"), "balances:list"),
            Shortcut("g t", _("Transactions"), "transactions:list"),
            Shortcut("g i", _("Identities"), "identities:list"),
            Shortcut("g e", _("Entries"), "entries:list"),
            Shortcut("g r", _("Trial balance"), "reports:trial-balance"),
            Shortcut("g p", _("Proof"), "dashboard:proof"),
        ),
    ),
    ShortcutGroup(
        _("Create"),
        (
            Shortcut("n l", _("New ledger"), "ledgers:create"),
            Shortcut("n b", _("New balance"), "balances:create"),
            Shortcut("n t", _("New transaction"), "transactions:create"),
            Shortcut("n i", _("New identity"), "identities:create"),
        ),
    ),
    ShortcutGroup(
        _("In a table"),
        (
            Shortcut("/", _("Search in the table")),
            Shortcut("f", _("Filters")),
            Shortcut("j", _("Next row")),
            Shortcut("k", _("Row before")),
            Shortcut("Enter", _("Look at the row, beside the table")),
            Shortcut("e", _("Open the page of the row")),
            Shortcut("x", _("Tick the row")),
            Shortcut("b", _("Go to what is done with the rows that are ticked")),
            Shortcut(".", _("Show what others have added")),
            Shortcut("]", _("Next page")),
            Shortcut("[", _("Page before")),
        ),
    ),
    ShortcutGroup(
        _("On a transaction"),
        (
            Shortcut("g s", _("Go to the source balance")),
            Shortcut("g d", _("Go to the destination balance")),
            Shortcut("a c", _("Open the form to commit it")),
            Shortcut("a v", _("Open the form to void it")),
            Shortcut("a r", _("Open the form to reverse it")),
            Shortcut("a f", _("Open the form to refund it")),
        ),
    ),
    ShortcutGroup(
        _("In a form"),
        (
            Shortcut("Control+Enter", _("Post what is reviewed")),
            Shortcut("Control+Shift+Enter", _("Post it, and open the next form")),
        ),
    ),
)
SHORTCUTS = {each.keys: each for group in GROUPS for each in group.shortcuts}
_OF_PAGE = {each.url_name: each.keys for each in SHORTCUTS.values() if each.url_name}


def keys_to(url_name: str) -> str:
    """The keys that lead to a page, or ""."""
    return _OF_PAGE.get(url_name, "")
