from __future__ import annotations

from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, path, reverse
from django.urls.resolvers import RegexPattern, URLResolver

from web.converters import parse_key

ID = UUID("0198f3a2-6c1e-7b55-9a0e-4d5b2f6c8a11")


def _view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path(f"{prefix}/<{prefix}:public_id>/", _view, name=prefix)
    for prefix in ("ldg", "bln", "txn", "idt")
]
RESOLVER = URLResolver(RegexPattern(r"^/"), urlpatterns)


@pytest.mark.parametrize("prefix", ["ldg", "bln", "txn", "idt"])
def test_address_holds_the_key_and_the_view_gets_the_uuid(prefix: str) -> None:
    address = reverse(prefix, urlconf=__name__, args=[ID])

    assert address == f"/{prefix}/{prefix}_{ID}/"
    assert RESOLVER.resolve(address).kwargs == {"public_id": ID}


def test_address_can_be_made_from_the_key() -> None:
    assert reverse("ldg", urlconf=__name__, args=[f"ldg_{ID}"]) == f"/ldg/ldg_{ID}/"


@pytest.mark.parametrize(
    "key",
    [
        f"bln_{ID}",
        str(ID),
        f"ldg_{str(ID).upper()}",
        f"ldg_{ID.hex}",
        f"ldg_{ID}0",
        "ldg_",
        "ldg_x",
    ],
)
def test_anything_but_the_one_spelling_is_not_found(key: str) -> None:
    with pytest.raises(Resolver404):
        RESOLVER.resolve(f"/ldg/{key}/")


@pytest.mark.parametrize("text", [f"ldg_{ID}", f"  LDG_{str(ID).upper()} ", f"ldg_{ID.hex}"])
def test_typed_key_is_understood(text: str) -> None:
    assert parse_key(text, "ldg") == ID


@pytest.mark.parametrize("text", ["", "ldg_", "ldg", f"bln_{ID}", str(ID), "ldg_\x00", "@Treasury"])
def test_typed_text_that_is_no_key_is_none(text: str) -> None:
    assert parse_key(text, "ldg") is None
