"""Changes to how a person sees the pages; they leave no audit event."""

from __future__ import annotations

from users.models import User

PREFERENCES = (
    "theme",
    "contrast",
    "motion",
    "shortcuts",
    "time_zone_choice",
    "number_format",
    "date_format",
)


def change_preferences(*, user: User, **chosen: str) -> User:
    """Change how `user` sees the pages: some of `PREFERENCES`; "" keeps what is there.

    Raises:
        ValueError: there is no such preference.
    """
    if unknown := chosen.keys() - set(PREFERENCES):
        raise ValueError(f"no preference: {', '.join(sorted(unknown))}")
    changed = [name for name, value in chosen.items() if value]
    for name in changed:
        setattr(user, name, chosen[name])
    user.save(update_fields=changed)
    return user
