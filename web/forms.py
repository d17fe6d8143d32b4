"""How forms are opened and drawn, the same everywhere.

`settings.FORM_RENDERER = "web.forms.FormRenderer"` makes `{{ form }}` an error summary
that takes focus plus every field with label, hint and errors, and `{{ form.name.as_field_group }}`
one such field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django import forms
from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.template import loader
from django.urls import reverse_lazy

from web.metadata import MetadataField

FormT = TypeVar("FormT", bound=forms.BaseForm)


class FormRenderer(DjangoTemplates):
    """Forms and fields drawn by `templates/components/`, plain widgets by Django."""

    form_template_name = "components/_form.html"
    field_template_name = "components/_field.html"

    def get_template(self, template_name: str) -> Any:
        if template_name.startswith("components/"):
            return loader.get_template(template_name)
        return super().get_template(template_name)


def open_form(
    request: HttpRequest,
    form_class: Callable[..., FormT],
    *,
    initial: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> FormT:
    """The form for this request; `form.is_valid()` is true only when it was really sent.

    GET: unbound, with `initial` and then what the query string prefills. POST: bound. POST
    by "Add row" or "Remove" of a metadata field: unbound, holding all that was typed, so
    that nothing is judged before the person is done.
    """
    if request.method != "POST":
        form = form_class(initial=dict(initial or {}), **arguments)
        given = [n for n, f in form.fields.items() if n in request.GET and not _has_rows(f)]
        form.initial.update((name, request.GET[name]) for name in given)
        return form
    form = form_class(request.POST, initial=dict(initial or {}), **arguments)
    if not _changes_rows(form, request.POST):
        return form
    typed = {
        name: field.widget.value_from_datadict(request.POST, {}, form.add_prefix(name))
        for name, field in form.fields.items()
    }
    return form_class(initial=typed, **arguments)


class ComboboxInput(forms.TextInput):
    """A text input that suggests records while typing; without JavaScript, a text input.

    `suggest` names the URL that answers `?q=` with `web.suggestions.render_suggestions`.
    Picking writes the record's key (`bln_…`, `@Treasury`) into the input and its label
    beside it. `label_for` gives the label for a key that is there from the start.
    """

    template_name = "components/_combobox.html"

    def __init__(
        self,
        suggest: str,
        *,
        label_for: Callable[[str], str] | None = None,
        attrs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(attrs)
        self.suggest_url = reverse_lazy(suggest)
        self.label_for = label_for

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        label = self.label_for(str(value)) if self.label_for and value else ""
        context["widget"]["attrs"] |= {
            "data-combobox": str(self.suggest_url),
            "autocomplete": "off",
        }
        context["widget"]["label"] = label
        return context


def _changes_rows(form: forms.BaseForm, data: Mapping[str, Any]) -> bool:
    names = [name for name, field in form.fields.items() if _has_rows(field)]
    return any(
        f"{form.add_prefix(name)}_{action}" in data
        for name in names
        for action in ("add", "remove")
    )


def _has_rows(field: forms.Field) -> bool:
    return isinstance(field, MetadataField)
