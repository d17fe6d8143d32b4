from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.admin import AuditedAdmin
from identities.models import Identity
from web.admin import MetadataTextField, ModelForm, is_number
from web.converters import parse_key
from web.names import spellings_of
from web.text import NameField


class IdentityForm(ModelForm):
    name = NameField(label=_("Name"))
    metadata = MetadataTextField()


@admin.register(Identity)
class IdentityAdmin(AuditedAdmin):
    audit_name = "identity"
    audited_fields = ("name", "kind", "email")
    form = IdentityForm
    list_display = ("name", "kind", "email", "created_at")
    ordering = ("-created_at", "-pk")
    search_fields = ("name",)
    search_help_text = _("The beginning of a name, as it is written; or an idt_… key or id.")
    fields = ("key", "kind", "name", "email", "metadata", "created_at")
    readonly_fields = ("key", "created_at")

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if public_id := parse_key(term, "idt"):
            return queryset.filter(public_id=public_id)
        if is_number(term):
            return super().find(queryset, term)
        begins = (Q(name__startswith=spelling) for spelling in spellings_of(term))
        return queryset.filter(Q(*begins, _connector=Q.OR))
