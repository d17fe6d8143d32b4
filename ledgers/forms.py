from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledgers.models import Ledger
from web.metadata import MetadataField
from web.text import NameField


class RenameForm(forms.Form):
    """A ledger's name; one that another ledger has needs a second yes."""

    name = NameField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Say what it is for, such as “Customer EUR wallets”."),
    )
    is_namesake_meant = forms.BooleanField(
        label=gettext_lazy("Yes, two ledgers with this name"),
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.data.get("is_namesake_meant"):
            self._ask()

    def point_out(self, namesake: Ledger) -> None:
        """Refuse the name with a link to the ledger that has it, and ask for the second yes."""
        link = format_html(
            '<a href="{}"><bdi>{}</bdi></a>', namesake.get_absolute_url(), namesake.name
        )
        message = _("There already is a ledger of this name: {ledger}. Tick below if you want two.")
        self.add_error("name", format_html(message, ledger=link))
        self._ask()

    def _ask(self) -> None:
        self.fields["is_namesake_meant"].widget = forms.CheckboxInput()


class LedgerForm(RenameForm):
    """A new ledger. `public_id` is drawn when the form is shown: sent twice, it makes one."""

    public_id = forms.UUIDField(widget=forms.HiddenInput)
    metadata = MetadataField()
