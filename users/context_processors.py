from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.http import HttpRequest

from users.models import Role, Shortcuts, Theme, TimeZoneChoice, User
from web.formatting import zone_name
from web.shell import GROUPS, NEW

# Pages of the dashboard that are sections of their own; the others are named by their app.
DASHBOARD_SECTIONS = {"home": "home", "proof": "proof"}
# And what stands in the section of another app.
ELSEWHERE = dict.fromkeys(("reports:lookalikes", "schedules", "imports"), "transactions")
# Who has not signed in sees pages as somebody who never chose anything.
NOBODY = User(role=Role.READER)


@dataclass(frozen=True, slots=True)
class Shell:
    """What the frame around a page depends on, its language aside.

    There are few that differ, so `base.html` renders its parts once for each of them.
    """

    # The template an error page extends: with navigation only for those signed in.
    layout: str
    section: str
    username: str
    role: str
    is_staff: bool
    may_change_books: bool
    theme: str
    contrast: str
    motion: str
    shortcuts: str
    time_zone_choice: str
    zone: str

    groups: ClassVar = GROUPS
    new: ClassVar = NEW
    themes: ClassVar = Theme
    shortcut_choices: ClassVar = Shortcuts
    time_zone_choices: ClassVar = TimeZoneChoice

    @property
    def initial(self) -> str:
        return self.username[:1].upper()

    @property
    def role_name(self) -> str:
        return str(Role(self.role).label)


def shell(request: HttpRequest) -> dict[str, object]:
    """The frame, and what many pages ask: whether to offer what changes the books."""
    # A page of an error may come before anything has asked who is there.
    user = getattr(request, "user", None)
    reader = user if isinstance(user, User) else NOBODY
    made = Shell(
        layout="plain.html" if reader is NOBODY else "base.html",
        section=_section(request),
        username=reader.username,
        role=reader.role,
        is_staff=reader.is_staff,
        may_change_books=reader.may_change_books,
        theme=reader.theme,
        contrast=reader.contrast,
        motion=reader.motion,
        shortcuts=reader.shortcuts,
        time_zone_choice=reader.time_zone_choice,
        zone=zone_name(),
    )
    return {"shell": made, "may_change_books": made.may_change_books}


def _section(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return ""
    if match.app_name == "dashboard":
        return DASHBOARD_SECTIONS.get(match.url_name or "", "")
    return ELSEWHERE.get(match.view_name) or ELSEWHERE.get(match.app_name, match.app_name)
