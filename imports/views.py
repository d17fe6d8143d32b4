"""Importing a file: bring it, say how it is read, see what comes of it, and import that."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from imports.checking import Checked
from imports.columns import ColumnsForm, suggest
from imports.forms import MappingTextForm, UploadForm
from imports.listing import find_twin, list_imports, list_kinds
from imports.models import Import
from imports.operations import (
    ImportRefusedError,
    check_again,
    discard,
    post_reviewed,
    set_mapping,
    upload,
)
from imports.refused import list_refused
from imports.sample import read_sample
from transactions.importing.reading import SourceError
from transactions.importing.toml import MappingError
from transactions.models import Transaction
from users.models import User
from web.addresses import url_of
from web.formatting import format_count
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import Key, paginate_request

NEWEST_FIRST = (Key("id", descending=True),)
ROWS_SHOWN = 8


@require_safe
def import_list(request: HtmxHttpRequest) -> HttpResponse:
    """What everybody imported, the newest first."""
    page = paginate_request(request, list_imports(), order=NEWEST_FIRST)
    return render_page(request, "imports/list.html", {"page": page, "total": ""})


@require_http_methods(["GET", "POST"])
def import_create(request: HtmxHttpRequest) -> HttpResponse:
    """Bring a file; what is known of how it is read is done at once."""
    is_sent = request.method == "POST"
    sent = (request.POST, request.FILES) if is_sent else ()
    form = UploadForm(*sent, kinds=list_kinds())
    if form.is_valid():
        try:
            import_ = upload(
                user=cast(User, request.user),
                file_name=form.cleaned_data["file"].name,
                content=form.content,
            )
        except ImportRefusedError as error:
            form.add_error("file", str(error))
        else:
            return _begin(request, import_, form)
    context = {"form": form}
    return render_page(request, "imports/new.html", context, status=422 if is_sent else 200)


def _begin(request: HtmxHttpRequest, import_: Import, form: UploadForm) -> HttpResponse:
    known: dict[str, Any] = {}
    if form.kind:
        kind = form.kind
        known = {"mapping": kind.mapping, "name": kind.name, "choices": kind.choices}
    elif form.mapping:
        known = {"mapping": form.mapping, "name": form.mapping_name}
    if not known:
        return redirect("imports:columns", import_.public_id)
    try:
        set_mapping(import_, **known)
    except MappingError as error:
        messages.error(request, str(error))
        return redirect("imports:columns", import_.public_id)
    return redirect(import_)


@require_http_methods(["GET", "POST"])
def import_columns(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Say which of the columns is the date, the amount and so on, beside the first rows."""
    import_ = _own_or_refuse(request, public_id)
    if import_.is_under_way or import_.is_posted:
        return redirect(import_)
    context: dict[str, Any] = {"import": import_, "twin": find_twin(import_)}
    try:
        sample = read_sample(import_)
    except SourceError as error:
        return render_page(request, "imports/columns.html", {**context, "problem": str(error)})
    initial = import_.choices or suggest(sample, import_.file_name)
    sent = request.POST if request.method == "POST" else None
    form = ColumnsForm(sent, sample=sample, initial=initial)
    if form.is_valid():
        try:
            set_mapping(import_, mapping=form.mapping(), name=form.name, choices=form.choices())
        except (MappingError, ImportRefusedError) as error:
            form.add_error(None, str(error))
        else:
            return redirect(import_)
    context |= {"form": form, "sample": sample, "rows": sample.rows[:ROWS_SHOWN]}
    status = 422 if form.errors else 200
    return render_page(request, "imports/columns.html", context, status=status)


@require_http_methods(["GET", "POST"])
def import_mapping(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Write how the file is read, for who knows the mappings of the command."""
    import_ = _own_or_refuse(request, public_id)
    if import_.is_under_way or import_.is_posted:
        return redirect(import_)
    sent = request.POST if request.method == "POST" else None
    form = MappingTextForm(sent, initial={"name": import_.name, "mapping": import_.mapping})
    if form.is_valid():
        try:
            set_mapping(import_, **form.cleaned_data)
        except MappingError as error:
            form.add_error("mapping", str(error))
        except ImportRefusedError as error:
            form.add_error(None, str(error))
        else:
            return redirect(import_)
    context = {"import": import_, "form": form, "twin": find_twin(import_)}
    status = 422 if form.errors else 200
    return render_page(request, "imports/mapping.html", context, status=status)


@require_safe
def import_detail(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """What a file comes to, and once it is imported, what came of it."""
    import_ = _import_or_404(public_id)
    checked = None if import_.is_under_way else Checked.of(import_)
    context = {
        "import": import_,
        "checked": checked,
        "review": checked and {"sides": checked.sides, "amounts": checked.net},
        "refused": list_refused(import_) if checked and checked.refused else [],
        "twin": None if import_.is_posted else find_twin(import_),
        "is_own": import_.user_id == request.user.pk,
        **(_describe(checked) if checked else {}),
        **(_ways_on(import_) if import_.is_posted else {}),
    }
    return render_page(request, "imports/detail.html", context, partial="import")


def _describe(checked: Checked) -> dict[str, str]:
    posted = ngettext("%(count)s transaction", "%(count)s transactions", checked.transactions)
    return {
        "count": posted % {"count": format_count(checked.transactions)},
        "more": format_count(checked.more),
        "nothing": "" if checked.posted else _why_nothing(checked),
    }


def _why_nothing(checked: Checked) -> str:
    if not checked.read:
        return _("The file has no rows below its header, so there is nothing to import.")
    if checked.present == checked.read:
        return _("All of it is in the books already, so there is nothing to import.")
    if checked.refused == checked.read:
        return _("Every row is refused, so there is nothing to import.")
    return _("What is not refused is in the books already, so there is nothing to import.")


def _ways_on(import_: Import) -> dict[str, str]:
    """To the transactions of the import, and to reversing all of them."""
    of_batch = Transaction.objects.filter(batch_id=import_.public_id)
    first = of_batch.values_list("public_id", flat=True).first()
    table = f"{url_of('transactions:list')}?where=batch:is:{import_.public_id}"
    reverse = url_of("transactions:reverse-batch", first) if first else ""
    return {"transactions_url": table, "reverse_url": reverse}


@require_POST
def import_check(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    import_ = _own_or_refuse(request, public_id)
    check_again(import_)
    return redirect(import_)


@require_POST
def import_post(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Import what was reviewed; a second click finds that it is being done, or done."""
    import_ = _own_or_refuse(request, public_id)
    if not post_reviewed(import_, reviewed=request.POST.get("reviewed", "")):
        told = _("This was checked again in the meantime. Nothing was imported: look at it again.")
        messages.warning(request, told)
    return redirect(import_)


@require_POST
def import_discard(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    import_ = _own_or_refuse(request, public_id)
    try:
        discard(import_)
    except ImportRefusedError as error:
        messages.error(request, str(error))
        return redirect(import_)
    messages.success(request, _("%(file)s discarded.") % {"file": import_.file_name})
    return redirect("imports:list")


@require_safe
def import_file(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """The file as it came."""
    import_ = get_object_or_404(Import.objects.only("file_name", "content"), public_id=public_id)
    return _download(import_.content, name=import_.file_name)


@require_safe
def import_refused(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """The refused rows as they came, each with its line and the reason."""
    wanted = Import.objects.only("file_name", "refused_file")
    import_ = get_object_or_404(wanted, public_id=public_id)
    if not import_.refused_file:
        raise Http404
    return _download(import_.refused_file, name=f"{PurePath(import_.file_name).stem}.refused.csv")


def _download(content: bytes | memoryview, *, name: str) -> HttpResponse:
    # In which encoding it came, the file itself does not say.
    response = HttpResponse(bytes(content), content_type="text/csv")
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def _import_or_404(public_id: UUID) -> Import:
    imports = Import.objects.defer("content", "refused_file").select_related("user")
    import_: Import = get_object_or_404(imports, public_id=public_id)
    return import_


def _own_or_refuse(request: HtmxHttpRequest, public_id: UUID) -> Import:
    """The import, for who brought its file: what it posts is recorded as theirs."""
    import_ = _import_or_404(public_id)
    if import_.user_id != request.user.pk:
        told = _("Only %(person)s can do this, who brought the file: it is recorded as theirs.")
        raise PermissionDenied(told % {"person": import_.user.get_username()})
    return import_
