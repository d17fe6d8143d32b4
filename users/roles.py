"""What a reader may ask for: everything that is read, and what is their own.

Any other request that could change something is refused before its view is called, also of a page
that does not exist yet: what is to be allowed is named here. A test walks all addresses and holds
them against these names.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from users.models import User

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What a reader may send. It leaves the books as they are, and what others see of them.
ALLOWED = frozenset(
    {
        "login",
        "logout",
        "password_change",
        "users:preferences",
        "users:table-choices",
        # A reader's own views, which only they see: `users.saved_views.can_change`.
        "users:view-create",
        "users:view-edit",
        "users:view-update",
        "users:view-delete",
        # What ticked rows add up to, and their file; one's own exports.
        "bulk:ticked",
        "bulk:export",
        "exports:cancel",
        # Whoever has to trust the books may have them proved.
        "dashboard:proof",
    }
)
# Pages that begin a change: who may not make it need not fill them in.
BEGINNINGS = frozenset(
    {
        "balances:create",
        "balances:metadata",
        "identities:create",
        "identities:edit",
        "identities:metadata",
        "imports:columns",
        "imports:create",
        "imports:mapping",
        "ledgers:create",
        "ledgers:metadata",
        "ledgers:rename",
        "schedules:cancel",
        "schedules:post",
        "transactions:commit",
        "transactions:create",
        "transactions:metadata",
        "transactions:refund",
        "transactions:reverse",
        "transactions:reverse-batch",
        "transactions:review",
        "transactions:void",
        "web:styleguide-form",
    }
)
# The operators' site goes by rights of its own, which an operator grants.
ADMIN = "admin"
REFUSAL = _(
    "Your role is Reader: you may read the books, not change them. "
    "Ask an operator for the role of a bookkeeper if you need to."
)


def may_ask(user: User, request: HttpRequest) -> bool:
    """Whether `request`, whose address has been resolved, is for this person to make."""
    match = request.resolver_match
    if user.may_change_books or match is None or match.app_name == ADMIN:
        return True
    if request.method in SAFE_METHODS:
        return match.view_name not in BEGINNINGS
    return match.view_name in ALLOWED
