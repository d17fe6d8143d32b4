"""Who asks, whether they may, and the zone and formats in which they are answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from zoneinfo import ZoneInfo

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from users.models import DateFormat, NumberFormat, TimeZoneChoice, User
from users.roles import REFUSAL, may_ask
from users.sessions import who_asks
from web.formatting import formats

ZONE_COOKIE = "daybook_tz"
UTC = ZoneInfo("UTC")


class UserMiddleware(AuthenticationMiddleware):
    """Django's, except that it finds out at once who asks, as every page wants to know.

    Told later, by a lazy object, each look at the user would take several calls.
    """

    def process_request(self, request: HttpRequest) -> None:
        request.user = who_asks(request)


class RoleMiddleware:
    """Refuse readers what they may not do; `users.roles` says what that is.

    Belongs behind all that finds out who asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Raise PermissionDenied: the page of that error says its text."""
        user = request.user
        if isinstance(user, User) and not may_ask(user, request):
            raise PermissionDenied(REFUSAL)


class PreferencesMiddleware:
    """Show dates in the zone the person chose, and numbers and dates as they write them.

    The zone is UTC, or that of their browser: what it told in the cookie `daybook_tz`, and UTC
    until it has. Belongs after the authentication middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        numbers = getattr(request.user, "number_format", NumberFormat.POINT)
        dates = getattr(request.user, "date_format", DateFormat.NAMED)
        with timezone.override(_zone(request)), formats(numbers=numbers, dates=dates):
            return self.get_response(request)


def read_zone(name: str | None) -> tzinfo | None:
    """The zone of this IANA name, or None when there is none such."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _zone(request: HttpRequest) -> tzinfo:
    choice = getattr(request.user, "time_zone_choice", TimeZoneChoice.UTC)
    if choice != TimeZoneChoice.LOCAL:
        return UTC
    return read_zone(request.COOKIES.get(ZONE_COOKIE)) or UTC
