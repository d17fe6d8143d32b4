"""What the search box offers besides records: pages, things to do, and what one did last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, repeat

from django.urls import Resolver404, resolve, reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from dashboard.search import Group, Hit, Record, find_groups, hit_of, latest_of
from users.models import User
from users.saved_views_tabs import find_views
from web.shell import GROUPS, Link
from web.shortcuts import keys_to
from web.statements import fetch_all
from web.tables.definition import find_table
from web.tables.tabs import view_url

SIZE = 5
# Among so many newest events the person's own are looked for: a glance, however long the history.
EVENTS_MAX = 2_000
RECENT_MAX = 6
RECENT = """
SELECT subject, max(id) FROM (
    SELECT id, subject, actor_id FROM audit_auditevent ORDER BY id DESC LIMIT %(events)s
) AS e
WHERE actor_id = %(actor)s GROUP BY subject ORDER BY max(id) DESC LIMIT %(recent)s
"""
MORE_PAGES = (
    Link("", gettext_lazy("Inflight transactions"), "transactions:list"),
    Link("", gettext_lazy("Scheduled transactions"), "transactions:list"),
    Link("", gettext_lazy("Rejected transactions"), "transactions:list"),
    Link("", gettext_lazy("Internal balances"), "balances:list"),
    Link("", gettext_lazy("Possible duplicates"), "reports:lookalikes"),
    Link("", gettext_lazy("Bulk actions"), "bulk:list"),
    Link("", gettext_lazy("Your exports"), "exports:list"),
    Link("", gettext_lazy("Imports"), "imports:list"),
    Link("", gettext_lazy("Help"), "help:index"),
    Link("", gettext_lazy("Glossary"), "help:glossary"),
    Link("", gettext_lazy("Accessibility"), "help:accessibility"),
    Link("", gettext_lazy("Keyboard shortcuts"), "dashboard:shortcuts"),
    Link("", gettext_lazy("Preferences"), "users:preferences"),
    Link("", gettext_lazy("Change password"), "password_change"),
)
TABS = ("inflight", "scheduled", "rejected", "internal")
RUN_PROOF = "run-proof"
# Figures with a sign that groups them or begins decimals: without one it may be any number.
AMOUNT = re.compile(r"\d+(?:[.,\s]\d+)+")


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do. `words` are others that a person may type for it."""

    label: str | Promise
    url_name: str
    words: str | Promise
    slide_over: bool = True


CREATE = (
    Action(
        gettext_lazy("New transaction"),
        "transactions:create",
        gettext_lazy("post pay transfer create"),
    ),
    Action(gettext_lazy("New balance"), "balances:create", gettext_lazy("open account create")),
    Action(
        gettext_lazy("New identity"), "identities:create", gettext_lazy("customer company create")
    ),
    Action(gettext_lazy("New ledger"), "ledgers:create", gettext_lazy("create")),
    Action(
        gettext_lazy("Import a file"),
        "imports:create",
        gettext_lazy("upload csv bank statement"),
        slide_over=False,
    ),
)


def offer(
    text: str, *, user: User, record: Record | None = None, path: str = "", size: int = SIZE
) -> list[Group]:
    """What the box shows for `text`, asked for on the page at `path`; the likeliest first.

    `record` is the one that `text` names. Each group has `size` records at most.
    """
    if not text:
        doing = _("Create") if user.may_change_books else _("Do")
        groups = [_recent(user), Group(doing, _actions("", path, user)), _pages("", user)]
        return [group for group in groups if group.hits]
    groups = [
        Group(_("Exactly this"), [hit_of(record)] if record else []),
        Group(_("Do"), _actions(text, path, user)),
        _pages(text, user),
        _views(text, user),
        *find_groups(text, size=size),
        Group(_("Create with it"), _made_of(text, user), is_offered=True),
    ]
    return [group for group in groups if group.hits]


def count_hits(groups: Sequence[Group]) -> int:
    return sum(len(group.hits) for group in groups if not group.is_offered)


def _recent(user: User) -> Group:
    """What this person has worked on among the newest events."""
    parameters = {"events": EVENTS_MAX, "actor": user.pk, "recent": RECENT_MAX}
    rows = fetch_all(RECENT, parameters)
    return Group(_("You worked on"), latest_of(subject for subject, _id in rows))


def _pages(text: str, user: User) -> Group:
    pages = _all_pages(get_language(), is_staff=user.is_staff)
    return Group(_("Go to"), [page for page in pages if _matches(text, page.label)])


@cache
def _all_pages(_language: str | None, *, is_staff: bool) -> Sequence[Hit]:
    """In the language that is active."""
    links = [
        Hit(str(link.label), link.url, keys=link.keys)
        for group in GROUPS
        if is_staff or not group.staff_only
        for link in group.links
    ]
    more = [
        Hit(str(link.label), f"{link.url}?tab={tab}" if tab else link.url)
        for link, tab in zip(MORE_PAGES, chain(TABS, repeat("")), strict=False)
    ]
    return links + more


def _views(text: str, user: User) -> Group:
    """Saved views of tables, one's own and those that others share."""
    hits = [
        Hit(view.name, view_url(table, view), str(table.title))
        for name, view in find_views(text, user=user, limit=SIZE)
        if (table := find_table(name))
    ]
    return Group(_("Saved views"), hits)


def _actions(text: str, path: str, user: User) -> list[Hit]:
    query = _query_for(path)
    hits = [
        Hit(
            str(action.label),
            _with(reverse(action.url_name), query.get(action.url_name, {})),
            hint=_("for what this page shows") if action.url_name in query else "",
            slide_over=action.slide_over,
            keys=keys_to(action.url_name),
        )
        for action in (CREATE if user.may_change_books else ())
        if _matches(text, f"{action.label} {action.words}")
    ]
    if _matches(text, _("Run the proof check")):
        hits.append(Hit(_("Run the proof"), reverse("dashboard:proof"), form=RUN_PROOF))
    return hits


def _query_for(path: str) -> dict[str, dict[str, str]]:
    """What forms are prefilled with on the page of a record."""
    try:
        match = resolve(path)
    except Resolver404:
        return {}
    public_id = match.kwargs.get("public_id")
    return {
        "ledgers": {"balances:create": {"ledger": f"ldg_{public_id}"}},
        "identities": {"balances:create": {"identity": f"idt_{public_id}"}},
        "balances": {"transactions:create": {"source": f"bln_{public_id}"}},
    }.get(match.app_name if public_id else "", {})


def _made_of(text: str, user: User) -> list[Hit]:
    """Forms that begin with what was typed: an amount, or a name that nobody has yet."""
    if not user.may_change_books:
        return []
    if AMOUNT.fullmatch(text):
        label = _("New transaction of %(amount)s") % {"amount": text}
        # As it was typed: the form reads it as this person writes amounts.
        url = _with(reverse("transactions:create"), {"amount": text})
        return [Hit(label, url, slide_over=True)]
    if not text[0].isalpha() or len(text) < 3 or any(map(str.isdigit, text)):
        return []
    return [
        Hit(label % {"name": text}, _with(reverse(name), {"name": text}), slide_over=True)
        for label, name in (
            (_("New identity “%(name)s”"), "identities:create"),
            (_("New ledger “%(name)s”"), "ledgers:create"),
        )
    ]


def _with(url: str, query: dict[str, str]) -> str:
    return f"{url}?{urlencode(query)}" if query else url


def _matches(text: str, label: str) -> bool:
    """Whether each word typed begins a word of the label."""
    words = label.lower().split()
    return all(any(word.startswith(typed) for word in words) for typed in text.lower().split())
