"""What a person enters to reverse a whole batch."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from transactions.forms.asking import DescriptionField


class BatchForm(forms.Form):
    """Why it is reversed; every reversal of the batch says so."""

    description = DescriptionField(label=gettext_lazy("Description"), required=False)
