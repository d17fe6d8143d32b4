from __future__ import annotations

from collections.abc import Mapping, Sized
from functools import cache
from typing import Any

from django import template
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from web.addresses import url_of
from web.help.glossary import TERMS
from web.htmx import SLIDE_OVER
from web.metadata import format_json, render_tree
from web.query import url_with

register = template.Library()


@register.simple_tag(takes_context=True)
def form_attributes(context: template.RequestContext, action: str = "") -> SafeString:
    """The attributes of a `<form>` that works as a page and in the slide-over.

    It posts to `action`, else to the address it came from.
    """
    action = action or context["request"].get_full_path()
    plain = format_html('class="form" method="post" action="{}" novalidate data-once', action)
    if not context.get("slide_over"):
        return plain
    return format_html(
        '{} hx-post="{}" hx-target="#{}" hx-swap="innerHTML" hx-disabled-elt="find button.primary"',
        plain,
        action,
        SLIDE_OVER,
    )


@register.simple_tag(takes_context=True, name="url_with")
def url_with_tag(context: template.RequestContext, **changes: object) -> str:
    """`{% url_with tab="internal" %}`: the present address with that parameter changed."""
    return url_with(context["request"], **changes)


@register.filter
def is_further(request: HttpRequest) -> bool:
    """Whether the address asks for another page of a table than the first."""
    return bool(request.GET.get("cursor") or request.GET.get("jump"))


@register.simple_tag
def term(slug: str) -> SafeString:
    """`{% term "floor" %}`: a small link to that word of the glossary; its meaning on hover."""
    return _term(slug, get_language())


@cache
def _term(slug: str, _language: str | None) -> SafeString:
    found = TERMS[slug]
    return format_html(
        '<a class="term" href="{}#{}" title="{}" aria-label="{}"></a>',
        url_of("help:glossary"),
        slug,
        found.meaning,
        _("What is: %(name)s") % {"name": found.name},
    )


@register.filter
def count_errors(form: BaseForm) -> int:
    """How many messages a form shows; a field may have several, and so may its rows."""
    in_rows: Sized = getattr(form, "row_errors", ())
    return sum(len(messages) for messages in form.errors.values()) + len(in_rows)


@register.filter
def metadata_tree(metadata: Mapping[str, Any]) -> SafeString:
    return render_tree(metadata)


@register.filter
def metadata_json(metadata: Mapping[str, Any]) -> str:
    return format_json(metadata)
