"""Sending the forms of the admin, and the events that come of it."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent


def form_data(client: Client, url: str) -> dict[str, Any]:
    """What the page's form would send when nothing is changed."""
    form = client.get(url).context["adminform"].form
    data: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if field.field.show_hidden_initial:
            data[field.html_initial_name] = field.field.prepare_value(field.initial)
        if isinstance(value, bool):
            data |= {field.html_name: "on"} if value else {}
        elif value is not None:
            data[field.html_name] = value
    return data


def change(client: Client, row: Any, **changes: Any) -> Any:
    """Send the row's page with `changes`; None leaves a box unticked."""
    url = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    data = {**form_data(client, url), **changes}
    return client.post(
        url, {name: value for name, value in data.items() if value is not None}, follow=True
    )


def errors_of(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def event_of(action: str) -> AuditEvent:
    return AuditEvent.objects.get(action=action)
