from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from reports.lookalikes import NoLookalikeError, count_open, dismiss, open_lookalikes
from reports.models import Lookalike
from transactions.models import Transaction
from transactions.rows import read_rows
from users.models import User
from web.addresses import url_of
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import Key, paginate_request
from web.records import get_record_or_404
from web.text import isolate

NEWEST_FIRST = (Key("transaction_id", descending=True),)


@require_safe
def lookalike_list(request: HtmxHttpRequest) -> HttpResponse:
    page = paginate_request(request, open_lookalikes(), order=NEWEST_FIRST)
    context = {
        "page": page,
        "pairs": _pairs(page.rows),
        "total": describe_count(count_open()),
    }
    return render_page(request, "reports/lookalikes.html", context, partial="lookalike-table")


@require_POST
def lookalike_dismiss(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """That it is no duplicate."""
    transaction = get_record_or_404(Transaction, public_id)
    try:
        dismiss(transaction, actor=cast(User, request.user))
    except NoLookalikeError as error:
        raise Http404 from error
    messages.success(request, _("%s is no duplicate.") % isolate(transaction.reference))
    return redirect("reports:lookalikes")


def describe_count(count: str) -> str:
    """As the page and Home say it."""
    words = ngettext(
        "%(count)s possible duplicate",
        "%(count)s possible duplicates",
        1 if count == "1" else 2,
    )
    return words % {"count": count}


def _pairs(lookalikes: Sequence[Lookalike]) -> list[dict[str, Any]]:
    """Each with the rows of both transactions, the later first."""
    pks = {pk for each in lookalikes for pk in (each.transaction_id, each.earlier_id)}
    legend_url, list_url = url_of("transactions:list"), url_of("reports:lookalikes")
    rows = {row["pk"]: row for row in read_rows(sorted(pks), legend_url=legend_url)}
    return [
        {
            "rows": [rows[each.transaction_id], rows[each.earlier_id]],
            "reference": rows[each.transaction_id]["reference"],
            "url": f"{list_url}{rows[each.transaction_id]['key']}/",
        }
        for each in lookalikes
    ]
