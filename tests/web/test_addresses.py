from __future__ import annotations

from uuid import uuid4

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch, reverse

from web.addresses import url_of


@pytest.mark.parametrize("name", ["ledgers:list", "transactions:create", "login"])
def test_page_without_arguments_is_where_it_is(name: str) -> None:
    assert url_of(name) == reverse(name)


@pytest.mark.parametrize("name", ["ledgers:detail", "balances:metadata", "identities:edit"])
def test_page_of_a_record_is_where_it_is(name: str) -> None:
    public_id = uuid4()

    assert url_of(name, public_id) == reverse(name, args=[public_id])


def test_unknown_page_is_an_error() -> None:
    with pytest.raises(NoReverseMatch):
        url_of("ledgers:nowhere")


@pytest.mark.parametrize(
    "tag",
    [
        "{% url 'ledgers:list' %}",
        "{% url 'ledgers:detail' key %}",
        "{% url 'ledgers:detail' text %}",
        "{% url 'ledgers:detail' public_id=key %}",
        "{% url 'ledgers:detail' key as there %}{{ there }}",
        "{% url page key %}",
        "{% translate 'Name' %}",
        "{% translate word %}",
        "{% translate 'Name' as it %}{{ it }}",
        "{% translate 'name'|upper %}",
        "{% translate '100 %' %}",
        "{% translate '<b>' %}",
    ],
)
def test_quick_tags_say_what_those_of_django_say(tag: str) -> None:
    key = uuid4()
    context = {"key": key, "text": f"ldg_{key}", "page": "ledgers:detail", "word": "<Name>"}

    quick = Template("{% load i18n quick %}" + tag).render(Context(context))

    assert quick == Template("{% load i18n %}" + tag).render(Context(context))
