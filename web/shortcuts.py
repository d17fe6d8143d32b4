"""Every keyboard shortcut, named once: tooltips, `/shortcuts/` and the scripts read it from here.

A link, button or search field with `data-shortcut="f"` is pressed by that key, one with
`data-shortcut="g l"` by `g` and then `l` (static/js/shortcuts-press.js). Keys without Ctrl, Alt or
⌘ are for getting somewhere: none of them changes the books, and each person can switch them off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Keys as `data-shortcut` or `aria-keyshortcuts` write them; `url_name` is where they lead.

    Those that begin a change of the books are told only to who may make it.
    """

    keys: str
    label: str | Promise
    url_name: str = ""
    begins_change: bool = False

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

    def reading(self) -> ShortcutGroup:
        """What is left of it for who may only read."""
        return replace(
            self, shortcuts=tuple(each for each in self.shortcuts if not each.begins_change)
        )


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
            Shortcut("n l", _("New ledger"), "ledgers:create", begins_change=True),
            Shortcut("n b", _("New balance"), "balances:create", begins_change=True),
            Shortcut("n t", _("New transaction"), "transactions:create", begins_change=True),
            Shortcut("n i", _("New identity"), "identities:create", begins_change=True),
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
            Shortcut("a c", _("Open the form to commit it"), begins_change=True),
            Shortcut("a v", _("Open the form to void it"), begins_change=True),
            Shortcut("a r", _("Open the form to reverse it"), begins_change=True),
            Shortcut("a f", _("Open the form to refund it"), begins_change=True),
        ),
    ),
    ShortcutGroup(
        _("In a form"),
        (
            Shortcut("Control+Enter", _("Post what is reviewed"), begins_change=True),
            Shortcut(
                "Control+Shift+Enter", _("Post it, and open the next form"), begins_change=True
            ),
        ),
    ),
)
SHORTCUTS = {each.keys: each for group in GROUPS for each in group.shortcuts}
_OF_PAGE = {each.url_name: each.keys for each in SHORTCUTS.values() if each.url_name}


def groups_for(*, may_change_books: bool) -> list[ShortcutGroup]:
    """The groups with the shortcuts that a person has a use for."""
    groups = GROUPS if may_change_books else [group.reading() for group in GROUPS]
    return [group for group in groups if group.shortcuts]


def keys_to(url_name: str) -> str:
    """The keys that lead to a page, or ""."""
    return _OF_PAGE.get(url_name, "")
