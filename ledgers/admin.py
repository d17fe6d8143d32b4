from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin import AuditedAdmin
from ledgers.models import EXPONENT_MAX, Currency, Ledger
from web.admin import MetadataTextField, ModelForm, is_number
from web.converters import parse_key
from web.names import same_as
from web.text import NameField

CODE = RegexValidator(
    r"^[A-Z0-9][A-Z0-9._-]{0,11}\Z",
    _("Use 1 to 12 capital letters and figures; also . _ - after the first."),
)


class LedgerForm(ModelForm):
    name = NameField(label=_("Name"))
    metadata = MetadataTextField()


@admin.register(Ledger)
class LedgerAdmin(AuditedAdmin):
    audit_name = "ledger"
    changed_verb = "renamed"
    audited_fields = ("name",)
    form = LedgerForm
    list_display = ("name", "is_general", "created_at")
    ordering = ("-created_at", "-pk")
    search_fields = ("name",)
    search_help_text = _("The whole name, case and spaces aside; or an ldg_… key or id.")
    fields = ("key", "name", "metadata", "is_general", "created_at")
    readonly_fields = ("key", "is_general", "created_at")

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if public_id := parse_key(term, "ldg"):
            return queryset.filter(public_id=public_id)
        if is_number(term):
            return super().find(queryset, term)
        return queryset.filter(**same_as(term))


class CurrencyForm(ModelForm):
    code = forms.CharField(label=_("Code"), max_length=12, validators=[CODE])
    name = NameField(label=_("Name"), max_length=100)
    symbol = NameField(label=_("Symbol"), max_length=8, required=False)
    exponent = forms.IntegerField(
        label=_("Decimals"),
        min_value=0,
        max_value=EXPONENT_MAX,
        help_text=_("Figures after the point. They cannot change once there is an amount."),
    )


@admin.register(Currency)
class CurrencyAdmin(AuditedAdmin):
    audit_name = "currency"
    created_verb = "added"
    audited_fields = ("name", "exponent", "symbol", "kind")
    refusals: ClassVar = {
        "currency_exponent_fixed": _(
            "Nothing was saved: the decimals cannot change, because there are amounts with them:"
            " posted, held, scheduled or as a floor."
        ),
    }
    form = CurrencyForm
    list_display = ("code", "name", "exponent", "symbol", "kind")
    list_filter = ("kind",)
    indexed_lookups = ("kind__exact",)
    sortable_by = ("code", "name", "exponent")
    ordering = ("code",)
    search_fields = ("code", "name")
    fields = ("code", "name", "exponent", "symbol", "kind")

    def audit_subject(self, row: Currency) -> str:
        return row.code

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("code",) if obj else ()

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        return queryset.filter(code__istartswith=term) | queryset.filter(name__icontains=term)
