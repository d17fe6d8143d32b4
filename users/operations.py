from __future__ import annotations

from users.models import User


def change_preferences(*, user: User, theme: str = "", time_zone_choice: str = "") -> User:
    """Change how `user` sees the pages; "" keeps what is there."""
    user.theme = theme or user.theme
    user.time_zone_choice = time_zone_choice or user.time_zone_choice
    user.save(update_fields=["theme", "time_zone_choice"])
    return user
