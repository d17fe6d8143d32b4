"""Take the pictures of this folder from a running Daybook with the demonstration books.

    python3 manage.py up --demo
    .venv/bin/python docs/screenshots/take.py http://127.0.0.1:8000 admin PASSWORD

Needs the packages of `manage.py test` and Debian's chromium (or CHROMIUM, its path).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

Scheme = Literal["light", "dark"]

FOLDER = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SIZES = {"wide": (1366, 768), "phone": (390, 844)}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# A picture's name, where it starts, and the link of that page to follow, if any.
SHOTS = (
    ("home", "/", ""),
    ("ledgers", "/ledgers/", ""),
    ("ledger", "/ledgers/", "Suppliers"),
    ("create-ledger", "/ledgers/", "Create ledger"),
    ("balances", "/balances/", ""),
    ("balance", "/balances/?q=hanami", "Hanami Travel"),
    ("transactions", "/transactions/", ""),
    ("transaction", "/transactions/?q=demo-exchange", "demo-exchange-"),
    ("proof", "/proof/", ""),
)


def main(address: str, username: str, password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        )
        for scheme in SCHEMES:
            for size in SIZES:
                page = _signed_in(browser, scheme, size, (address, username, password))
                for name, path, link in SHOTS:
                    _show(page, address + path, link)
                    page.screenshot(path=FOLDER / f"{name}-{scheme}-{size}.png")
        browser.close()


def _signed_in(browser: Browser, scheme: Scheme, size: str, account: tuple[str, str, str]) -> Page:
    address, username, password = account
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{address}/login/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
    return page


def _show(page: Page, address: str, link: str) -> None:
    page.goto(address)
    if link:
        page.locator("main").get_by_role("link", name=link).first.click()
        page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main(*sys.argv[1:4])
