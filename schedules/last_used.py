"""What the next form of a person is to offer: what they used in the one before.

Kept in a signed cookie and not in the session: a posting that is done must not be told as failed
because the session could not be written after it.
"""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from transactions.drafts import Draft
from transactions.requests import DEBIT

COOKIE = "daybook_last"


def last_of(draft: Draft) -> dict[str, str]:
    """The source and the currency of a draft."""
    line = next(each for each in draft.lines if each.direction == DEBIT)
    return {"source": line.side, "currency": line.currency}


def remember(request: HttpRequest, response: HttpResponse, last: dict[str, str]) -> None:
    """Have the browser of this person keep what they used."""
    response.set_cookie(
        COOKIE,
        signing.dumps(last, salt=_salt(request)),
        max_age=settings.SESSION_COOKIE_AGE,
        path=reverse("transactions:list"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def recall(request: HttpRequest) -> dict[str, str] | None:
    """What was kept for this person; None without, or if it is somebody else's."""
    try:
        last = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_salt(request))
    except signing.BadSignature:
        return None
    return cast(dict[str, str], last)


def _salt(request: Any) -> str:
    return f"transactions.last:{request.user.pk}"
