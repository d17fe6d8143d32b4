"""The Balances table, now or at a moment of the past: what its rows add up to lies above them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from balances.figures import BalanceCounts, CurrencyTotal, count_balances
from balances.filters import BalanceFilter, kept_parameters
from balances.rows import ROWS, format_rows
from ledgers.models import Ledger
from reports.ledger_moments import ledgers_before
from reports.moments import sums_before, totals_before
from web.as_of import Moment, read_moment
from web.htmx import HtmxHttpRequest, render_page
from web.pagination import paginate_request
from web.sorting import Column, sort_columns

INFLIGHT = Column("inflight", gettext_lazy("Inflight"), css="num hide-s")
GLANCE = Column("glance", gettext_lazy("Last 7 days"), css="hide-s")
COLUMNS = (
    Column("owner", gettext_lazy("Owner or indicator")),
    Column("ledger", gettext_lazy("Ledger"), css="hide-s"),
    Column("currency", gettext_lazy("Currency"), css="hide-s"),
    Column("balance", gettext_lazy("Balance"), css="num"),
    INFLIGHT,
    Column(
        "created",
        gettext_lazy("Created"),
        ("created_at", "id"),
        css="hide-s",
        descending_first=True,
    ),
    GLANCE,
)
# What was inflight then is not kept by moment; the last days are those of now.
COLUMNS_OF_PAST = tuple(column for column in COLUMNS if column not in (INFLIGHT, GLANCE))


@require_safe
def balance_list(request: HtmxHttpRequest) -> HttpResponse:
    moment = read_moment(request)
    chosen = BalanceFilter.read(request)
    columns = COLUMNS if moment.is_now else COLUMNS_OF_PAST
    sorting = sort_columns(request, columns, table="balance-table", default="-created")
    balances, order = chosen.select_in_order(ROWS, sorting.order)
    page = paginate_request(request, balances, order=order)
    context = {
        "moment": moment,
        "chosen": chosen,
        "chips": chosen.chips(request),
        "kept": kept_parameters(request, "ledger", "identity", "tab", "sort", *moment.parameters),
        "counts": count_balances(chosen) if moment.is_now else _counts_at(chosen, moment),
        "page": page,
        "rows": format_rows(
            rows_at(page.rows, moment), new=request.GET.get("new", ""), moment=moment
        ),
        "sorting": sorting,
    }
    return render_page(request, "balances/balance_list.html", context, partial="balance-table")


def rows_at(rows: list[dict[str, Any]], moment: Moment) -> list[dict[str, Any]]:
    """Rows of `balances.rows` with the debits and credits of that moment."""
    if moment.is_now:
        return rows
    ids = [row["id"] for row in rows]
    totals = totals_before(ids, moment.before, known_at=moment.known_at)
    return [
        {
            **row,
            "credit_minor": totals[row["id"]].credit_minor,
            "debit_minor": totals[row["id"]].debit_minor,
        }
        for row in rows
    ]


def totals_of_ledger(ledger: Ledger, moment: Moment) -> list[CurrencyTotal]:
    """The totals of a ledger at that moment. How many balances it had then is not told."""
    figures = ledgers_before([ledger.pk], moment.before, known_at=moment.known_at)
    return [
        CurrencyTotal(
            each.currency, each.exponent, 0, each.totals.debit_minor, each.totals.credit_minor
        )
        for each in figures
    ]


def _counts_at(chosen: BalanceFilter, moment: Moment) -> BalanceCounts:
    """The totals of that moment. How many balances there were then is not told."""
    totals: list[CurrencyTotal] = []
    if chosen == BalanceFilter(ledger=chosen.ledger) and chosen.ledger:
        totals = totals_of_ledger(chosen.ledger, moment)
    elif chosen.is_narrow:
        ids = list(chosen.select().order_by().values_list("pk", flat=True))
        sums = sums_before(ids, moment.before, known_at=moment.known_at)
        totals = [
            CurrencyTotal(each.currency, each.exponent, 0, each.debit_minor, each.credit_minor)
            for each in sums
        ]
    return BalanceCounts(all="", internal="", total="", totals=totals)
