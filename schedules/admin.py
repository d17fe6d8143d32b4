from __future__ import annotations

# Importing its pages registers them; what they do to jobs would leave no audit event.
import procrastinate.contrib.django.admin  # noqa: F401
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django.models import ProcrastinateJob

from schedules.models import Schedule
from web.admin import ReadOnlyAdmin, show_json
from web.converters import parse_key

admin.site.unregister(ProcrastinateJob)


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("reference", "state", "due_at", "decided_at", "actor")
    list_select_related = ("actor",)
    ordering = ("-pk",)
    search_fields = ("reference",)
    search_help_text = gettext_lazy("The exact reference, a sch_… key, or id.")
    fields = (
        "reference",
        "key",
        "state",
        "due_at",
        "description",
        "asked",
        "actor",
        "created_at",
        "decided_at",
        "reason_code",
        "reason",
        "seen_at",
        "seen_by",
    )

    def find(self, queryset: QuerySet[Schedule], term: str) -> QuerySet[Schedule]:
        if public_id := parse_key(term, "sch"):
            return queryset.filter(public_id=public_id)
        return queryset.filter(reference=term) | super().find(queryset, term)

    @admin.display(description=gettext_lazy("request"))
    def asked(self, schedule: Schedule) -> SafeString | str:
        return show_json(schedule.request)
