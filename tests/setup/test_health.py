from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

BY_ADDRESS = {"host": "10.0.0.7:8000"}


@pytest.mark.parametrize("host", ["localhost", "10.0.0.7:8000", "[fd00::7]", "any.example"])
def test_health_answers_whatever_the_host(host: str, client: Client) -> None:
    response = client.get("/healthz", headers={"host": host})

    assert (response.status_code, response.json()) == (200, {"status": "ok", "database": "ok"})


def test_health_answers_over_plain_http_where_pages_ask_for_https(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    health = client.get("/healthz", headers=BY_ADDRESS)
    page = client.get(reverse("login"))

    assert health.status_code == 200
    assert (page.status_code, page["Location"]) == (301, "https://testserver/login/")


@pytest.mark.parametrize("path", ["/", "/login/", "/healthz/", "/healthz/x", "//healthz"])
def test_nothing_else_answers_for_another_host(path: str, client: Client) -> None:
    response = client.get(path, headers=BY_ADDRESS)

    assert response.status_code == 400


def test_health_is_read_only_and_carries_the_headers_of_a_page(client: Client) -> None:
    read, written = client.get("/healthz"), client.post("/healthz")

    assert written.status_code == 405
    assert "no-store" in read["Cache-Control"]
    assert read["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in read["Content-Security-Policy"]
    assert not read.cookies
