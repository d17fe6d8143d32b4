"""A real browser for tests: signed-in pages, what axe finds, what scrolls sideways."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from users.models import User

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1366, "height": 900}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
)


@contextmanager
def launched_browser() -> Iterator[Browser]:
    """The system's Chromium, else the one that Playwright installed."""
    # Playwright runs an event loop in this thread, where Django would refuse to query.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(ARGUMENTS)
        )
        yield browser
        browser.close()


@contextmanager
def opened_page(
    browser: Browser, server: str, *, user: User | None = None, **options: Any
) -> Iterator[Page]:
    """A page at `server`, signed in as `user`; `options` as for a browser context.

    A script error or a violation of the content policy fails the test that caused it.
    """
    options = {"viewport": DESKTOP, **options}
    context = browser.new_context(base_url=server, **options)
    if user is not None:
        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": server}])
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.extend(_problem(message)))
    try:
        yield page
    finally:
        context.close()
    assert not problems, problems


# Parts on their way have a class of htmx until they are in place; the style guide has a row that is
# always busy. What fades in is pale for a moment, and what breathes never stops.
AT_REST = """() =>
    document.readyState === "complete"
    && !document.querySelector(
        '[id][aria-busy="true"], .htmx-request, .htmx-swapping, .htmx-settling, .htmx-added'
    )
    && document.getAnimations().every(
        (each) => each.playState !== "running"
            || each.effect.getComputedTiming().endTime === Infinity
    )"""


def go(page: Page, path: str) -> None:
    """Open a page and wait until it is at rest, with what it asks for a moment later."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    rest(page)


def rest(page: Page) -> None:
    """Wait until nothing is on its way into the page, and nothing in it moves.

    To wait for the network again would return at once: a page falls idle once for all.
    """
    page.wait_for_function(AT_REST)


def press(page: Page, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        page.keyboard.press(key)


def axe_violations(page: Page, **options: Any) -> list[str]:
    """What axe finds on the page once it rests, one line each; `options` are those of its run."""
    rest(page)
    found = Axe().run(page, options=options or None).response["violations"]
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window once it rests."""
    rest(page)
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(width))


def _problem(message: ConsoleMessage) -> list[str]:
    # Reported for answers of 4xx and for requests that a test cuts off.
    expected = ("Failed to load resource", "htmx:sendError", "htmx:afterRequest")
    if message.text.startswith(expected):
        return []
    return [message.text] if message.type in ("error", "warning") else []
