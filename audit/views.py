"""The pages that every record with extra information has; its own app says who may open them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast

from django.contrib import messages
from django.db import models
from django.http import HttpResponse
from django.utils.translation import gettext as _

from audit.forms import MetadataForm
from audit.metadata import change_metadata
from users.models import User
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, render_page


class Record(Protocol):
    """What a ledger, a balance, an identity and a transaction have in common."""

    @property
    def metadata(self) -> dict[str, Any]: ...

    def get_absolute_url(self) -> str: ...


def edit_metadata(request: HtmxHttpRequest, subject: models.Model, *, name: str) -> HttpResponse:
    """The form for the extra information of `subject`, which people know by `name`."""
    record = cast(Record, subject)
    form = open_form(request, MetadataForm, initial={"metadata": record.metadata})
    if form.is_valid():
        edit = form.cleaned_data["metadata"]
        change_metadata(
            subject, changes=edit.values, removed=edit.removed, actor=cast(User, request.user)
        )
        messages.success(request, _("Extra information saved."))
        return finish_form(request, url=record.get_absolute_url())
    context = {"subject": subject, "name": name, "form": form}
    status = 422 if form.errors else 200
    return render_page(request, "audit/metadata.html", context, status=status)


def show_info(
    request: HtmxHttpRequest,
    subject: Record,
    *,
    name: str,
    facts: str,
    record: Mapping[str, Any],
    **more: object,
) -> HttpResponse:
    """All that is stored of `subject`: the template `facts`, its extra information, and JSON.

    `record` is what the JSON holds; `more` goes to the template of the facts.
    """
    context = {"subject": subject, "name": name, "facts": facts, "record": record, **more}
    return render_page(request, "audit/info.html", context)
