"""What every page of the Django admin needs to stay quick and harmless at any size of the books."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from web.formatting import format_count
from web.metadata import check_metadata, parse_json_object

COUNTED_MAX = 10_000
PER_PAGE = 50

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
    AnyPaginator = Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm
    AnyPaginator = Paginator


class RoundCount(int):
    """A number of rows that nobody counted to the end, and that says so when it is shown."""

    words: str

    @classmethod
    def estimated(cls, count: int) -> RoundCount:
        step = 10 ** max(len(str(count)) - 3, 0)
        about = cls(count)
        about.words = _("about %(count)s") % {"count": format_count(round(count / step) * step)}
        return about

    @classmethod
    def more_than(cls, count: int) -> RoundCount:
        more = cls(count + 1)
        more.words = f"{format_count(count)}+"
        return more

    def __str__(self) -> str:
        return self.words


class RoundPaginator(AnyPaginator):
    """Pages over a table of any size, without ever counting it.

    Up to ten thousand rows are counted; beyond, a whole table has the size that
    the database estimates, and a filtered one is "10,000+". Only the first ten
    thousand rows can be turned over, as each page on costs what it skips.
    """

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        if not rows.query.where:
            estimate = _estimate(rows.model)
            if estimate > COUNTED_MAX:
                return RoundCount.estimated(estimate)
        counted = rows.order_by().values("pk")[: COUNTED_MAX + 1].count()
        return counted if counted <= COUNTED_MAX else RoundCount.more_than(COUNTED_MAX)

    @cached_property
    def num_pages(self) -> int:
        return -(-min(max(self.count, 1), COUNTED_MAX) // self.per_page)

    def page(self, number: int | str) -> Page[Any]:
        """Skips along the index alone; what the rows refer to is read for this page only."""
        number = self.validate_number(number)
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        first = (number - 1) * self.per_page
        pks = list(rows.values_list("pk", flat=True)[first : first + self.per_page])
        return Page(rows.filter(pk__in=pks), number, self)


def _estimate(model: type[Model]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)",
            [connection.ops.quote_name(model._meta.db_table)],
        )
        return int(cursor.fetchone()[0])


class LeanAdmin(ModelAdmin):
    """Lists without counts, sorts and filters that would read all of a large table.

    `indexed_lookups` names what the address may filter by; anything else is refused.
    """

    paginator = RoundPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = PER_PAGE
    list_max_show_all = PER_PAGE
    sortable_by: ClassVar[Any] = ()
    actions = None
    indexed_lookups: ClassVar[tuple[str, ...]] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in self.indexed_lookups and "\0" not in value

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (self.find(queryset, term) if term else queryset), False

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        """The rows that `term` names, by an index; a fragment of a text names nothing."""
        return queryset.filter(pk__in=[int(term)] if is_number(term) else [])

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(LeanAdmin):
    """Rows to look at: none can be added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def is_number(term: str) -> bool:
    """Whether a term can be a primary key."""
    return term.isascii() and term.isdigit() and len(term) < 19


def show_json(value: Any) -> SafeString | str:
    """A JSON value for a read-only field, indented."""
    if value is None:
        return "—"
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


class MetadataTextField(forms.CharField):
    """Metadata as JSON text, under the same limits as everywhere; cleans to a dict."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Extra information"))
        widget = forms.Textarea(attrs={"rows": 10, "cols": 80, "class": "vLargeTextField"})
        super().__init__(required=False, widget=widget, strip=False, **kwargs)
        # Tells what the form was opened with from what another person wrote meanwhile.
        self.show_hidden_initial = True
        self.validators = []

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False)
        return value

    def to_python(self, value: Any) -> Any:
        metadata = parse_json_object(value or "")
        if errors := check_metadata(metadata):
            raise ValidationError(errors)
        return metadata

    def run_validators(self, value: Any) -> None:
        """Everything was checked while reading."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))
        except ValidationError:
            return True
