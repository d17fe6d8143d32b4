"""People who show a table and are told what others do to it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_client
from web import live


def look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a process that looks for the newest rows whenever it is asked."""
    monkeypatch.setattr(live, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(live, "ENTERING_SECONDS", 0.0)


class Reader:
    """Somebody who shows a table under a query."""

    def __init__(self, query: str = "", *, table: str = "transactions") -> None:
        self.client = make_client()
        content = self.client.get(f"{reverse(f'{table}:list')}?{query}").content.decode()
        match = re.search(r'data-live="([^"]+)" data-ticket="([^"]+)" data-rows="([^"]*)"', content)
        assert match
        self.content = content
        self.asked = {"table": table, "since": match[1], "ticket": match[2], "rows": match[3]}
        self.query = query

    def next_query(self) -> str:
        """What the link to the next page asks for."""
        match = re.search(r'rel="next" href="[^"?]*\?([^"]*)"', self.content)
        assert match
        return unescape(match[1])

    @property
    def address(self) -> str:
        return f"/live/?{urlencode(self.asked)}&{self.query}"

    def ask(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(self.address).json()
        return answer

    def is_told_from_memory(self) -> bool:
        """Whether there is nothing more to tell, which is known before it is who asks."""
        return Client().get(self.address).status_code == 204
