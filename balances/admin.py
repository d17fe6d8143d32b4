from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from audit.admin import AuditedAdmin
from balances.models import Balance
from balances.naming import shown_minor
from ledgers.money import MINUS, AmountError, format_amount, format_entered, parse_entered
from web.admin import MetadataTextField, ModelForm
from web.converters import parse_key
from web.formatting import format_count

TOO_HIGH = gettext_lazy("The floor lies above what the balance holds.")


class FloorField(forms.CharField):
    """The lowest amount allowed, in the currency's own unit; empty is no limit."""

    exponent = 0

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value)).strip()
        if not text:
            return None
        unsigned = text[1:] if text[0] in "-" + MINUS else text
        if re.fullmatch(r"0+([.,]0*)?", unsigned):
            return 0
        try:
            minor = parse_entered(unsigned, self.exponent)
        except AmountError as error:
            raise ValidationError(str(error)) from error
        return minor if unsigned == text else -minor

    def prepare_value(self, value: Any) -> Any:
        return format_entered(value, self.exponent) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True


class BalanceForm(ModelForm):
    floor_minor = FloorField(
        label=gettext_lazy("Floor"),
        required=False,
        help_text=gettext_lazy(
            "The lowest amount allowed, counted on the normal side, such as -1000.00. "
            "Empty: no limit."
        ),
    )
    metadata = MetadataTextField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        floor = self.fields.get("floor_minor")
        if isinstance(floor, FloorField):
            floor.exponent = self.instance.currency.exponent

    def clean_floor_minor(self) -> int | None:
        floor_minor: int | None = self.cleaned_data["floor_minor"]
        if floor_minor is not None and floor_minor > self.instance.available_minor:
            raise ValidationError(str(TOO_HIGH))
        return floor_minor


@admin.register(Balance)
class BalanceAdmin(AuditedAdmin):
    """Balances without their totals, which posting alone writes."""

    audit_name = "balance"
    audited_fields = ("identity", "floor_minor")
    refusals: ClassVar = {"balance_above_floor": TOO_HIGH}
    form = BalanceForm
    list_display = ("name", "currency", "figure", "ledger_name", "owner", "created_at")
    list_select_related = ("ledger", "currency", "identity")
    ordering = ("-created_at", "-pk")
    search_fields = ("indicator",)
    search_help_text = gettext_lazy(
        "An exact @indicator; the key of a balance, ledger or identity (bln_…, …); or id."
    )
    indexed_lookups = ("ledger__id__exact", "identity__id__exact", "currency__code__exact")
    autocomplete_fields = ("identity",)
    fieldsets = (
        (None, {"fields": ("key", "ledger", "currency", "indicator", "normal_side")}),
        (None, {"fields": ("identity", "floor_minor", "metadata")}),
        (
            gettext_lazy("Totals"),
            {"fields": ("figure", "credits", "debits", "inflight_credits", "inflight_debits")},
        ),
        (
            gettext_lazy("History"),
            {
                "fields": (
                    "entries",
                    "transaction_count",
                    "last_entry_at",
                    "closed_at",
                    "created_at",
                )
            },
        ),
    )
    readonly_fields = (
        "key",
        "ledger",
        "currency",
        "indicator",
        "normal_side",
        "figure",
        "credits",
        "debits",
        "inflight_credits",
        "inflight_debits",
        "entries",
        "transaction_count",
        "last_entry_at",
        "closed_at",
        "created_at",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("ledger", "currency", "identity")

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if term.startswith("@"):
            return queryset.exclude(indicator="").filter(indicator=term)
        for prefix, field in (
            ("bln", "public_id"),
            ("ldg", "ledger__public_id"),
            ("idt", "identity__public_id"),
        ):
            if public_id := parse_key(term, prefix):
                return queryset.filter(**{field: public_id})
        return super().find(queryset, term)

    @admin.display(description=gettext_lazy("balance"))
    def name(self, balance: Balance) -> str:
        return balance.indicator or balance.key

    @admin.display(description=gettext_lazy("ledger"))
    def ledger_name(self, balance: Balance) -> str:
        return balance.ledger.name

    @admin.display(description=gettext_lazy("owner"))
    def owner(self, balance: Balance) -> str:
        return balance.identity.name if balance.identity else "—"

    @admin.display(description=gettext_lazy("balance, on its normal side"))
    def figure(self, balance: Balance) -> str:
        return _amount(balance, shown_minor(balance.balance_minor, balance.normal_side))

    @admin.display(description=gettext_lazy("credits"))
    def credits(self, balance: Balance) -> str:
        return _amount(balance, balance.credit_minor)

    @admin.display(description=gettext_lazy("debits"))
    def debits(self, balance: Balance) -> str:
        return _amount(balance, balance.debit_minor)

    @admin.display(description=gettext_lazy("inflight credits"))
    def inflight_credits(self, balance: Balance) -> str:
        return _amount(balance, balance.inflight_credit_minor)

    @admin.display(description=gettext_lazy("inflight debits"))
    def inflight_debits(self, balance: Balance) -> str:
        return _amount(balance, balance.inflight_debit_minor)

    @admin.display(description=gettext_lazy("entries"))
    def entries(self, balance: Balance) -> SafeString:
        url = f"{reverse('admin:transactions_entry_changelist')}?balance__id__exact={balance.pk}"
        return format_html('<a href="{}">{}</a>', url, format_count(balance.entry_count))


def _amount(balance: Balance, minor: int) -> str:
    return f"{format_amount(minor, balance.currency.exponent)} {balance.currency_id}"
