"""Which imports there are, without the files themselves."""

from __future__ import annotations

from django.db.models import IntegerField, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from imports.models import Import

# What may be large, and what it says is asked for by itself.
LARGE = ("content", "mapping", "choices", "report", "refused_file")
RECENT_MAX = 500


def list_imports() -> QuerySet[Import]:
    """All imports, each with how many `rows` its file has and its `transactions`, once checked."""
    counts = {
        "rows": Cast(KT("report__read"), IntegerField()),
        "transactions": Cast(KT("report__transactions"), IntegerField()),
    }
    return Import.objects.defer(*LARGE).select_related("user").annotate(**counts)


def list_kinds() -> list[Import]:
    """The newest import of each kind among the most recent, however many there are."""
    recent = Import.objects.order_by("-pk").values("pk")[:RECENT_MAX]
    posted = Import.objects.filter(pk__in=recent, state=Import.State.POSTED).exclude(name="")
    newest: dict[str, Import] = {}
    for import_ in posted.only("public_id", "name").order_by("-pk"):
        newest.setdefault(import_.name, import_)
    return list(newest.values())


def find_twin(import_: Import) -> Import | None:
    """The import by which the very same file has come into the books already."""
    same = Import.objects.filter(digest=import_.digest, state=Import.State.POSTED)
    others = same.exclude(pk=import_.pk).select_related("user").defer(*LARGE)
    return others.order_by("-pk").first()
