"""The page of a transaction. It shows the schedule that made it, and stands above both."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from audit.history import latest_events
from schedules.models import Schedule
from transactions.entries import ORDER, PAGE_SIZE, entries_of, group_entries, sum_entries
from transactions.facts import describe_hold, describe_overdraft, describe_rate, describe_refunds
from transactions.family import Family, read_family
from transactions.models import Transaction
from transactions.standing import Standing
from web.addresses import url_of
from web.converters import parse_key
from web.formatting import format_count
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import paginate_request
from web.records import get_record_or_404
from web.statements import fetch_one

# What a person enters; the rest follows from it.
DUPLICABLE = {Transaction.Kind.POST, Transaction.Kind.HOLD, Transaction.Kind.COMMIT}
# Most transactions have none: building a query would cost more than to ask.
SCHEDULE = "SELECT id FROM schedules_schedule WHERE transaction_id = %s"
PAGE = "transactions/transaction_detail.html"


@require_safe
def transaction_detail(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    transaction = get_record_or_404(Transaction, public_id, "actor", "parent", "reverses")
    page = paginate_request(request, entries_of(transaction), order=ORDER, size=PAGE_SIZE)
    totals = sum_entries(transaction)
    standing = Standing.of(transaction, at=timezone.now())
    family = _read_family(request, transaction)
    context = {
        "transaction": transaction,
        "original": transaction.parent or transaction.reverses,
        "standing": standing,
        "state": standing.state.tag(url_of("transactions:list")),
        "actions": [action.value for action in standing.actions],
        "hold": describe_hold(standing),
        "refunds": describe_refunds(standing) if standing.is_refunded else [],
        "rate": describe_rate(transaction),
        "overdraft": describe_overdraft(transaction, totals),
        "page": page,
        "totals": totals,
        "groups": group_entries(page.rows, totals),
        "line_count": _count_lines(transaction),
        "with_after": transaction.has_entries,
        "can_reverse_batch": bool(transaction.batch_id) and not standing.reversal_key,
        "can_duplicate": transaction.kind in DUPLICABLE,
        "family": family,
        "schedule": _find_schedule(family),
        "history": latest_events(*{transaction.key, *family.keys}),
    }
    partial = "transaction" if request.htmx.target == "transaction" else "entry-table"
    return render_page(request, PAGE, context, partial=partial)


def _read_family(request: HtmxHttpRequest, transaction: Transaction) -> Family:
    """What belongs together, from `?after=txn_…` on."""
    after = 0
    if public_id := parse_key(request.GET.get("after", ""), "txn"):
        pks = Transaction.objects.filter(public_id=public_id).values_list("pk", flat=True)
        after = pks.first() or 0
    return read_family(transaction, after=after, new=request.GET.get("new", ""))


def _find_schedule(family: Family) -> Schedule | None:
    """The schedule that the head was posted by."""
    if family.head_id is None:
        return None
    row = fetch_one(SCHEDULE, [family.head_id])
    return Schedule.objects.select_related("actor").get(pk=row[0]) if row else None


def _count_lines(transaction: Transaction) -> str:
    count = transaction.entry_count
    if transaction.has_entries:
        counted = ngettext("%(count)s entry", "%(count)s entries", count)
    else:
        counted = ngettext("%(count)s reservation", "%(count)s reservations", count)
    return counted % {"count": format_count(count)}
