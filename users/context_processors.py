from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from users.models import Contrast, Motion, Shortcuts, Theme, TimeZoneChoice
from web.formatting import zone_name
from web.shell import part

# Pages of the dashboard that are sections of their own; the others are named by their app.
DASHBOARD_SECTIONS = {"home": "home", "proof": "proof"}
# And one that stands in the section of another app.
ELSEWHERE = {"reports:lookalikes": "transactions"}


@dataclass(frozen=True, slots=True)
class Shell:
    """What `base.html` shows around every page; computed only where a template asks."""

    request: HttpRequest

    @property
    def layout(self) -> str:
        """The template an error page extends: with navigation only for those signed in."""
        user = getattr(self.request, "user", None)
        return "base.html" if user is not None and user.is_authenticated else "plain.html"

    @property
    def language(self) -> str:
        return get_language() or "en"

    @property
    def theme(self) -> str:
        user = getattr(self.request, "user", None)
        return str(getattr(user, "theme", Theme.SYSTEM))

    @property
    def contrast(self) -> str:
        user = getattr(self.request, "user", None)
        return str(getattr(user, "contrast", Contrast.SYSTEM))

    @property
    def motion(self) -> str:
        user = getattr(self.request, "user", None)
        return str(getattr(user, "motion", Motion.SYSTEM))

    @property
    def time_zone_choice(self) -> str:
        return str(getattr(self.request.user, "time_zone_choice", TimeZoneChoice.UTC))

    @property
    def shortcuts(self) -> str:
        user = getattr(self.request, "user", None)
        return str(getattr(user, "shortcuts", Shortcuts.OFF))

    @property
    def zone(self) -> str:
        return zone_name()

    @property
    def username(self) -> str:
        return self.request.user.get_username()

    @property
    def initial(self) -> str:
        return self.username[:1].upper()

    @property
    def section(self) -> str:
        match = self.request.resolver_match
        if match is None:
            return ""
        if match.app_name == "dashboard":
            return DASHBOARD_SECTIONS.get(match.url_name or "", "")
        return ELSEWHERE.get(match.view_name, match.app_name)

    @property
    def head(self) -> SafeString:
        return part("head")

    @property
    def scripts(self) -> SafeString:
        return part("scripts")

    @property
    def side(self) -> SafeString:
        return part("side", section=self.section, is_staff=self._is_staff)

    @property
    def phone_menu(self) -> SafeString:
        return part("phone_menu", section=self.section, is_staff=self._is_staff)

    @property
    def new_menu(self) -> SafeString:
        return part("new_menu")

    @property
    def foot(self) -> SafeString:
        return part("foot", is_signed_in=True)

    @property
    def palette(self) -> SafeString:
        return part("palette")

    @property
    def network_error(self) -> SafeString:
        return part("network_error")

    @property
    def preferences(self) -> SafeString:
        return part(
            "preferences",
            theme=self.theme,
            themes=Theme,
            shortcuts=self.shortcuts,
            shortcut_choices=Shortcuts,
            time_zone_choice=self.time_zone_choice,
            time_zone_choices=TimeZoneChoice,
        )

    @property
    def _is_staff(self) -> bool:
        return bool(getattr(self.request.user, "is_staff", False))


def shell(request: HttpRequest) -> dict[str, Shell]:
    return {"shell": Shell(request)}
