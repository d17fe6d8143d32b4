from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from users.models import SavedView
from web.text import NameField

FIRST = "first"


class SavedViewForm(forms.Form):
    """A view's name, and who sees it; `is_first` concerns the person who sends the form."""

    name = NameField(label=_("Name"), max_length=40, help_text=_("At most 40 characters."))
    description = NameField(label=_("Description"), max_length=200, required=False)
    is_shared = forms.BooleanField(
        label=_("Share with everybody"),
        required=False,
        help_text=_("Everybody sees it as a tab. You, and staff, can change and delete it."),
    )
    is_first = forms.BooleanField(
        label=_("Open the table with this view"),
        required=False,
        help_text=_("For you alone. The tab “All” still shows everything."),
    )

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            shared = self.fields["is_shared"]
            shared.disabled = True
            shared.help_text = _("Your role is Reader: your views are for you alone.")


class PlacedViewForm(SavedViewForm):
    """Also its place among the other views of its owner."""

    after = forms.ChoiceField(label=_("Place among your views"))

    def __init__(self, *args: Any, others: list[SavedView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = {str(view.public_id): view for view in others}
        if not others:
            del self.fields["after"]
            return
        field = self.fields["after"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (FIRST, _("First")),
            *((key, _("After %s") % view.name) for key, view in self.others.items()),
        ]

    def clean_after(self) -> SavedView | None:
        return self.others.get(self.cleaned_data["after"])
