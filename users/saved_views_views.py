from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from users.models import SavedView, User
from users.saved_views import (
    SavedViewError,
    can_change,
    can_see,
    change_view,
    delete_view,
    place_view,
    save_view,
)
from users.saved_views_forms import FIRST, PlacedViewForm, SavedViewForm
from users.saved_views_tabs import as_tab
from users.table_choices import choose_first_view, first_view_of
from web.forms import open_form
from web.htmx import HtmxHttpRequest, finish_form, render_page
from web.tables.definition import Table
from web.tables.tabs import all_url, describe_query, table_url, view_query, view_url
from web.tables.views import get_table_or_404
from web.text import isolate


@require_http_methods(["GET", "POST"])
def view_create(request: HtmxHttpRequest, name: str) -> HttpResponse:
    """Save what the table shows: this page is opened with the query of its address."""
    table = get_table_or_404(name)
    user = cast(User, request.user)
    query = view_query(request.GET)
    form = open_form(request, SavedViewForm, may_share=user.may_change_books)
    if form.is_valid():
        told = form.cleaned_data
        try:
            view = save_view(
                owner=user,
                table=table.name,
                name=told["name"],
                description=told["description"],
                is_shared=told["is_shared"],
                query=query,
            )
        except SavedViewError as error:
            form.add_error("name", str(error))
        else:
            if told["is_first"]:
                choose_first_view(user=user, table=name, view=str(view.public_id), is_first=True)
            messages.success(request, _("View %(name)s saved.") % {"name": isolate(view.name)})
            return finish_form(request, url=view_url(table, as_tab(user, view)))
    context = {
        "form": form,
        "table": table,
        "filters": describe_query(request, table, query),
        "back": table_url(table, query),
    }
    status = 422 if form.errors else 200
    return render_page(request, "users/view_create.html", context, status=status)


@require_http_methods(["GET", "POST"])
def view_edit(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    view, table = _get_changeable(request, public_id)
    user = cast(User, request.user)
    # Only its owner says where it stands.
    others = _others(view) if view.owner_id == user.pk else []
    form = open_form(
        request,
        PlacedViewForm,
        initial=_initial(user, view, others),
        others=others,
        may_share=user.may_change_books,
    )
    if form.is_valid():
        told = form.cleaned_data
        changes = {name: told[name] for name in ("name", "description", "is_shared")}
        try:
            change_view(view, actor=user, **changes)
        except SavedViewError as error:
            form.add_error("name", str(error))
        else:
            if "after" in form.changed_data:
                place_view(view, after=told["after"])
            if "is_first" in form.changed_data:
                key = str(view.public_id)
                choose_first_view(user=user, table=view.table, view=key, is_first=told["is_first"])
            messages.success(request, _("View %(name)s saved.") % {"name": isolate(told["name"])})
            return finish_form(request, url=view_url(table, as_tab(user, view)))
    context = {
        "form": form,
        "view": view,
        "table": table,
        "filters": describe_query(request, table, view.query),
        "back": view_url(table, as_tab(user, view)),
    }
    status = 422 if form.errors else 200
    return render_page(request, "users/view_edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
def view_delete(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    view, table = _get_changeable(request, public_id)
    user = cast(User, request.user)
    if request.method == "POST":
        delete_view(view, actor=user)
        messages.success(request, _("View %(name)s deleted.") % {"name": isolate(view.name)})
        return finish_form(request, url=all_url(request, table))
    context = {"view": view, "table": table, "back": view_url(table, as_tab(user, view))}
    return render_page(request, "users/view_delete.html", context)


@require_POST
def view_update(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Let the view show what the table now shows: posted with the query of its address."""
    view, table = _get_changeable(request, public_id)
    query = view_query(request.GET)
    try:
        change_view(view, actor=cast(User, request.user), query=query)
    except SavedViewError as error:
        messages.error(request, str(error))
        return redirect(table_url(table, query))
    messages.success(request, _("View %(name)s saved.") % {"name": isolate(view.name)})
    return redirect(table_url(table, query, view=str(view.public_id)))


def _get_changeable(request: HtmxHttpRequest, public_id: UUID) -> tuple[SavedView, Table]:
    view = get_object_or_404(SavedView, public_id=public_id)
    user = cast(User, request.user)
    if not can_see(user, view):
        raise Http404
    if not can_change(user, view):
        raise PermissionDenied
    return view, get_table_or_404(view.table)


def _others(view: SavedView) -> list[SavedView]:
    """The other views of the same owner, in their order."""
    views = SavedView.objects.filter(owner=view.owner_id, table=view.table).exclude(pk=view.pk)
    return list(views.order_by("position", "pk"))


def _initial(user: User, view: SavedView, others: list[SavedView]) -> dict[str, object]:
    before = [other for other in others if other.position < view.position]
    return {
        "name": view.name,
        "description": view.description,
        "is_shared": view.is_shared,
        "is_first": first_view_of(user, view.table) == str(view.public_id),
        "after": str(before[-1].public_id) if before else FIRST,
    }
