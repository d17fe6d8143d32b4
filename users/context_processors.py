from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.safestring import SafeString

from users.models import Theme, TimeZoneChoice
from web import navigation
from web.formatting import zone_name

# Pages of the dashboard that are sections of their own; the others are named by their app.
DASHBOARD_SECTIONS = {"home": "home", "proof": "proof"}


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
    def theme(self) -> str:
        user = getattr(self.request, "user", None)
        return str(getattr(user, "theme", Theme.SYSTEM))

    @property
    def time_zone_choice(self) -> str:
        return str(getattr(self.request.user, "time_zone_choice", TimeZoneChoice.UTC))

    @property
    def zone(self) -> str:
        return zone_name()

    @property
    def themes(self) -> list[tuple[str, str]]:
        return [(theme.value, str(theme.label)) for theme in Theme]

    @property
    def time_zone_choices(self) -> list[tuple[str, str]]:
        return [(choice.value, str(choice.label)) for choice in TimeZoneChoice]

    @property
    def section(self) -> str:
        match = self.request.resolver_match
        if match is None:
            return ""
        if match.app_name == "dashboard":
            return DASHBOARD_SECTIONS.get(match.url_name or "", "")
        return match.app_name

    @property
    def navigation(self) -> SafeString:
        staff = bool(getattr(self.request.user, "is_staff", False))
        return navigation.navigation(section=self.section, is_staff=staff)

    @property
    def new_menu(self) -> SafeString:
        return navigation.new_menu()


def shell(request: HttpRequest) -> dict[str, Shell]:
    return {"shell": Shell(request)}
