"""Pressing the button of a review."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.pages import hidden_value


def seen_review(client: Client, url: str) -> str:
    """Which review the run shows at its address."""
    return hidden_value(client.get(url), "review")


def press_start(client: Client, url: str, *, seen: str | None = None, follow: bool = False) -> Any:
    """Start the run at this address from the review that was seen; else from the one it shows."""
    sent = {"review": seen_review(client, url) if seen is None else seen}
    return client.post(f"{url}start/", sent, follow=follow)
