from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from users.models import User
from users.table_choices import change_table_choices, first_view_of
from users.table_choices_forms import (
    COMFORTABLE,
    ColumnRow,
    TableChoicesForm,
    choices_to_keep,
    chosen_names,
    read_rows,
    rows_of,
)
from web.htmx import HtmxHttpRequest, finish_form, render_page
from web.tables.definition import Table
from web.tables.state import TableState, read_state
from web.tables.tabs import ALL, read_views, table_url, view_query
from web.tables.views import get_table_or_404

SHOW, RESET = "show", "reset"


@require_http_methods(["GET", "POST"])
def table_choices(request: HtmxHttpRequest, name: str) -> HttpResponse:
    """Columns, size of pages and density: opened with the query of the table's address."""
    table = get_table_or_404(name).for_request(request)
    state = read_state(request, table)
    views = read_views(request, table)
    if request.method != "POST":
        initial = _initial(cast(User, request.user), table, state)
        form = TableChoicesForm(initial=initial, table=table, views=views)
        return _render(request, table, form, rows=rows_of(table, state))
    if request.POST.get("do") == RESET:
        change_table_choices(user=cast(User, request.user), table=name, choices={})
        messages.success(request, _("The table is as it was at first."))
        return finish_form(request, url=_back(request, table))
    form = TableChoicesForm(request.POST, table=table, views=views)
    rows = read_rows(request.POST, table)
    if form.is_valid():
        try:
            columns = chosen_names(rows, form.cleaned_data.get("metadata", []))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _choose(request, table, columns, form)
    return _render(request, table, form, rows=rows, status=422)


def _choose(
    request: HtmxHttpRequest, table: Table, columns: list[str], form: TableChoicesForm
) -> HttpResponse:
    told = form.cleaned_data
    if request.POST.get("do") == SHOW:
        url = _back(request, table, columns=",".join(columns), size=str(told["size"]))
        return finish_form(request, url=url)
    choices = choices_to_keep(table, columns, told)
    change_table_choices(user=cast(User, request.user), table=table.name, choices=choices)
    messages.success(request, _("Your choices for this table are kept."))
    return finish_form(request, url=_back(request, table))


def _initial(user: User, table: Table, state: TableState) -> dict[str, object]:
    return {
        "size": state.size,
        "density": state.density or COMFORTABLE,
        "view": first_view_of(user, table.name) or ALL,
    }


def _back(request: HtmxHttpRequest, table: Table, **shown: str) -> str:
    """The table as it was, but for what the address said of its columns and pages."""
    query = request.GET.copy()
    for name in ("columns", "size"):
        query.pop(name, None)
        if name in shown:
            query[name] = shown[name]
    return table_url(table, view_query(query), view=request.GET.get("view", ""))


def _render(
    request: HtmxHttpRequest,
    table: Table,
    form: TableChoicesForm,
    *,
    rows: list[ColumnRow],
    status: int = 200,
) -> HttpResponse:
    back = table_url(table, view_query(request.GET), view=request.GET.get("view", ""))
    context = {"table": table, "form": form, "rows": rows, "back": back}
    return render_page(request, "users/table_choices.html", context, status=status)
