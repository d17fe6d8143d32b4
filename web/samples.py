"""Made-up records for the style guide: every component in each of its states."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from web.forms import ComboboxInput
from web.metadata import MetadataField
from web.pagination import KeysetPage
from web.sorting import Column, sort_columns
from web.suggestions import Suggestion

COLUMNS = (
    Column("name", _("Name"), ("name", "id")),
    Column("balances", _("Balances"), ("balance_count", "id"), css="num", descending_first=True),
    Column("transactions", _("Transactions"), css="num"),
    Column("activity", _("Last activity"), css="hide-s"),
    Column("created", _("Created"), ("created_at", "id"), css="hide-s", descending_first=True),
)
METADATA = {
    "publisher": "City council",
    "licence": "OGL 3.0",
    "address": {"city": "Oslo", "lines": ["Karl Johans gate 1", "0154"]},
    "audited": True,
    "empty": {},
}
STATUSES = (
    ("posted", _("Posted")),
    ("inflight", _("Inflight")),
    ("voided", _("Voided")),
    ("open", _("Open")),
    ("closed", _("Closed")),
    ("refused", _("Refused")),
)
REFUSED = "refused-amount=12.345&refused-source=@Treasury&refused-metadata_value=EU"
REFUSED += "&refused-metadata_key="
BALANCES = (
    ("bln_0198f3a2-6c1e-7b55-9a0e-4d5b2f6c8a11", "Northgate Builders", "8,909,817.55 GBP"),
    ("bln_0198f3a2-6c1e-7b55-9a0e-4d5b2f6c8a12", "Riverside Leisure", "5,120,884.00 GBP"),
    ("@Treasury", "Treasury", "General Ledger, GBP"),
)


class SampleForm(forms.Form):
    name = forms.CharField(max_length=80, help_text=_("Say what it is for, such as “Suppliers”."))
    amount = forms.CharField(
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
        help_text=_("In GBP, with at most two decimals."),
    )
    source = forms.CharField(
        widget=ComboboxInput("web:styleguide-suggest"),
        help_text=_("An id, a name or an @indicator."),
    )
    side = forms.ChoiceField(
        choices=[("credit", _("Credit")), ("debit", _("Debit"))], widget=forms.RadioSelect
    )
    currency = forms.ChoiceField(choices=[("GBP", "GBP"), ("EUR", "EUR")])
    may_go_below_zero = forms.BooleanField(required=False, help_text=_("Off for customer money."))
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    metadata = MetadataField()


class RefusedForm(SampleForm):
    """What the style guide shows of a refused one, where it shall not take the focus."""

    is_sample = True


def styleguide_context(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    refused_data = QueryDict(REFUSED)
    filled = {"name": "Suppliers", "side": "credit", "metadata": {"region": "EU"}}
    return {
        "sorting": sort_columns(request, COLUMNS, table="sample-table", default="-created"),
        "page": KeysetPage(rows=[], next_cursor="next", previous_cursor=None),
        "form": SampleForm(prefix="filled", initial=filled),
        "refused_form": RefusedForm(refused_data, prefix="refused"),
        "metadata": METADATA,
        "statuses": STATUSES,
        "now": now,
        "earlier": now - timedelta(minutes=4),
        "yesterday": now - timedelta(days=1),
    }


def suggestions(query: str) -> list[Suggestion]:
    words = query.casefold()
    return [Suggestion(*row) for row in BALANCES if words in " ".join(row).casefold()]
