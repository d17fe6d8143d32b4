from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.models import Balance
from ledgers.models import Ledger
from ledgers.money import format_amount
from transactions.models import Entry, Hold, ProofRun, Reservation, Transaction
from web.admin import ReadOnlyAdmin, is_number, show_json
from web.converters import parse_key
from web.formatting import format_count

ENTRIES_SHOWN_MAX = 50
YEARS_SHOWN_MAX = 15
PERIOD = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", re.ASCII)

if TYPE_CHECKING:
    Inline = admin.TabularInline[Any, Any]
else:
    Inline = admin.TabularInline


class EffectiveFilter(admin.SimpleListFilter):
    """By year and month of the effective date, along the index that orders the list."""

    title = gettext_lazy("effective date")
    parameter_name = "effective"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        dates = Transaction.objects.order_by("effective_at").values_list("effective_at", flat=True)
        first, last = dates.first(), dates.last()
        if first is None or last is None:
            return []
        years = range(timezone.localtime(last).year, timezone.localtime(first).year - 1, -1)
        chosen = PERIOD.fullmatch(request.GET.get(self.parameter_name, ""))
        periods = []
        for year in list(years)[:YEARS_SHOWN_MAX]:
            periods.append(f"{year:04}")
            if chosen and int(chosen[1]) == year:
                periods += [f"{year:04}-{month:02}" for month in range(1, 13)]
        return [(period, period) for period in periods]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        period = PERIOD.fullmatch(self.value() or "")
        if not period or not int(period[1]):
            return queryset
        year, month = int(period[1]), int(period[2] or 0)
        queryset = queryset.filter(effective_at__gte=_start(year, month or 1))
        after = (year + 1, 1) if month in (0, 12) else (year, month + 1)
        return queryset.filter(effective_at__lt=_start(*after)) if after[0] < 10_000 else queryset


def _start(year: int, month: int) -> datetime:
    return timezone.make_aware(datetime(year, month, 1))  # noqa: DTZ001 made aware here


class EntryInline(Inline):
    model = Entry
    fields = readonly_fields = ("balance_link", "debit", "credit", "running", "position")
    ordering = ("pk",)
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = gettext_lazy("entries")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("balance__currency")

    @admin.display(description=gettext_lazy("balance"))
    def balance_link(self, entry: Entry) -> SafeString | str:
        return _link(
            "balances_balance", entry.balance_id, entry.balance.indicator or entry.balance.key
        )

    @admin.display(description=gettext_lazy("debit"))
    def debit(self, entry: Entry) -> str:
        return _amount(entry, entry.amount_minor) if entry.direction == -1 else ""

    @admin.display(description=gettext_lazy("credit"))
    def credit(self, entry: Entry) -> str:
        return _amount(entry, entry.amount_minor) if entry.direction == 1 else ""

    @admin.display(description=gettext_lazy("credits less debits after it"))
    def running(self, entry: Entry) -> str:
        return _amount(entry, entry.running_minor)


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin):
    list_display = (
        "reference",
        "effective_at",
        "short_description",
        "kind",
        "written_status",
        "entry_count",
        "actor",
    )
    list_select_related = ("actor",)
    list_filter = (EffectiveFilter,)
    ordering = ("-effective_at", "-pk")
    search_fields = ("reference",)
    search_help_text = gettext_lazy("The exact reference, a txn_… key, the key of a batch, or id.")
    indexed_lookups = ("effective", "batch_id__exact", "parent__id__exact", "reverses__id__exact")
    fields = (
        "key",
        "reference",
        "kind",
        "written_status",
        "description",
        "effective_at",
        "created_at",
        "actor",
        "batch_id",
        "parent_link",
        "reverses_link",
        "entries",
        "extra_information",
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [EntryInline] if obj and obj.entry_count <= ENTRIES_SHOWN_MAX else []

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=transactions_named(term))

    @admin.display(description=gettext_lazy("status when written"))
    def written_status(self, row: Transaction) -> str:
        return row.get_status_display()

    @admin.display(description=gettext_lazy("description"))
    def short_description(self, row: Transaction) -> str:
        return row.description if len(row.description) <= 80 else f"{row.description[:79]}…"

    @admin.display(description=gettext_lazy("parent"))
    def parent_link(self, row: Transaction) -> SafeString | str:
        return _link("transactions_transaction", row.parent_id, row.parent_id)

    @admin.display(description=gettext_lazy("reverses"))
    def reverses_link(self, row: Transaction) -> SafeString | str:
        return _link("transactions_transaction", row.reverses_id, row.reverses_id)

    @admin.display(description=gettext_lazy("entries"))
    def entries(self, row: Transaction) -> SafeString:
        """Those that take the place of entries are reservations."""
        model = "entry" if row.has_entries else "reservation"
        page = reverse(f"admin:transactions_{model}_changelist")
        url = f"{page}?transaction__id__exact={row.pk}"
        return format_html('<a href="{}">{}</a>', url, format_count(row.entry_count))

    @admin.display(description=gettext_lazy("extra information"))
    def extra_information(self, row: Transaction) -> SafeString | str:
        return show_json(row.metadata)


def transactions_named(term: str) -> list[int]:
    """The primary keys of the transactions with this reference, key, batch or id."""
    if is_number(term):
        found = Transaction.objects.filter(pk=int(term)).values_list("pk", flat=True)
        references = Transaction.objects.filter(reference=term).values_list("pk", flat=True)
        return [*found, *references]
    if public_id := parse_key(term, "txn"):
        return list(Transaction.objects.filter(public_id=public_id).values_list("pk", flat=True))
    return list(Transaction.objects.filter(reference=term).values_list("pk", flat=True))


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "effective_at", "reference", "balance_link", "debit", "credit", "running")
    list_select_related = ("transaction", "balance__currency")
    search_fields = ("transaction",)
    search_help_text = gettext_lazy(
        "The exact reference or txn_… key of a transaction, a bln_… or ldg_… key, or id."
    )
    indexed_lookups = ("transaction__id__exact", "balance__id__exact", "ledger__id__exact")
    fields = (
        "transaction_link",
        "balance_link",
        "ledger",
        "position",
        "effective_at",
        "debit",
        "credit",
        "running",
    )
    debit, credit, running = EntryInline.debit, EntryInline.credit, EntryInline.running
    balance_link = EntryInline.balance_link

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Along the index that the filter reads, so that a page never sorts a whole balance."""
        term = request.GET.get("q", "").strip()
        if "balance__id__exact" in request.GET or parse_key(term, "bln"):
            return ("-position", "-pk")
        if "ledger__id__exact" in request.GET or parse_key(term, "ldg"):
            return ("-effective_at", "-transaction_id", "-pk")
        return ("-pk",)

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if public_id := parse_key(term, "bln"):
            return queryset.filter(balance__in=_pks(Balance, public_id))
        if public_id := parse_key(term, "ldg"):
            return queryset.filter(ledger__in=_pks(Ledger, public_id))
        named = queryset.filter(transaction__in=transactions_named(term))
        return named | super().find(queryset, term) if is_number(term) else named

    @admin.display(description=gettext_lazy("reference"))
    def reference(self, entry: Entry) -> str:
        return entry.transaction.reference

    @admin.display(description=gettext_lazy("transaction"))
    def transaction_link(self, entry: Entry) -> SafeString | str:
        return _link("transactions_transaction", entry.transaction_id, entry.transaction.reference)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = (
        "reference",
        "effective_at",
        "now",
        "held",
        "committed",
        "released",
        "expires_at",
    )
    list_select_related = ("transaction",)
    ordering = ("-pk",)
    search_fields = ("transaction",)
    search_help_text = TransactionAdmin.search_help_text
    fields = (
        "transaction_link",
        "now",
        "held",
        "committed",
        "released",
        "effective_at",
        "expires_at",
        "reservations",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the one currency that a hold has."""
        first = Reservation.objects.filter(transaction=OuterRef("pk")).order_by("pk")
        holds: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                code=Subquery(first.values("balance__currency")[:1]),
                exponent=Subquery(first.values("balance__currency__exponent")[:1]),
            )
        )
        return holds

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=transactions_named(term))

    @admin.display(description=gettext_lazy("reference"))
    def reference(self, row: Any) -> str:
        return str(row.transaction.reference)

    @admin.display(description=gettext_lazy("state"))
    def now(self, row: Any) -> str:
        return str(row.state.label)

    @admin.display(description=gettext_lazy("held"))
    def held(self, row: Any) -> str:
        return f"{format_amount(row.total_minor, row.exponent)} {row.code}"

    @admin.display(description=gettext_lazy("committed"))
    def committed(self, row: Any) -> str:
        return f"{format_amount(row.committed_minor, row.exponent)} {row.code}"

    @admin.display(description=gettext_lazy("released"))
    def released(self, row: Any) -> str:
        return f"{format_amount(row.released_minor, row.exponent)} {row.code}"

    @admin.display(description=gettext_lazy("transaction"))
    def transaction_link(self, row: Any) -> SafeString | str:
        return _link("transactions_transaction", row.pk, row.transaction.reference)

    @admin.display(description=gettext_lazy("reservations"))
    def reservations(self, row: Any) -> SafeString:
        page = reverse("admin:transactions_reservation_changelist")
        return format_html('<a href="{}?hold__id__exact={}">{}</a>', page, row.pk, _("All of it"))


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ("id", "effective_at", "reference", "kind", "balance_link", "debit", "credit")
    list_select_related = ("transaction", "balance__currency")
    ordering = ("-pk",)
    search_fields = ("transaction",)
    search_help_text = gettext_lazy("The exact reference or txn_… key of a transaction, or id.")
    indexed_lookups = ("transaction__id__exact", "hold__id__exact")
    fields = (
        "transaction_link",
        "hold_link",
        "kind",
        "balance_link",
        "ledger",
        "effective_at",
        "debit",
        "credit",
    )
    debit, credit = EntryInline.debit, EntryInline.credit
    balance_link = EntryInline.balance_link
    reference, transaction_link = EntryAdmin.reference, EntryAdmin.transaction_link

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        named = queryset.filter(transaction__in=transactions_named(term))
        return named | super().find(queryset, term) if is_number(term) else named

    @admin.display(description=gettext_lazy("hold"))
    def hold_link(self, row: Reservation) -> SafeString | str:
        return _link("transactions_hold", row.hold_id, row.hold_id)


@admin.register(ProofRun)
class ProofRunAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "is_ok", "duration_seconds", "actor")
    list_select_related = ("actor",)
    ordering = ("-pk",)
    fields = ("created_at", "actor", "is_ok", "duration_seconds", "result")

    @admin.display(description=gettext_lazy("checks"))
    def result(self, run: ProofRun) -> SafeString | str:
        return show_json(run.checks)


def _pks(model: Any, public_id: Any) -> list[int]:
    return list(model.objects.filter(public_id=public_id).values_list("pk", flat=True))


def _link(page: str, pk: int | None, text: object) -> SafeString | str:
    if pk is None:
        return "—"
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{page}_change", args=[pk]), text)


def _amount(entry: Entry, minor: int) -> str:
    return f"{format_amount(minor, entry.balance.currency.exponent)} {entry.balance.currency_id}"
