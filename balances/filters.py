"""Which balances a table shows: read from the address, told in words, applied to the query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self, TypeVar

from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.utils.translation import gettext as _

from balances.models import Balance
from identities.models import Identity
from ledgers.models import Ledger
from web.converters import parse_key
from web.counting import EXACT_MAX, count_exact, say_up_to
from web.pagination import Key
from web.records import find_record
from web.statements import fetch_all
from web.text import search_text

OWNERS_MAX = 10_000
NOTHING_ASKED = Q()
# Indicators live in the General Ledger only; saying so lets the index by ledger and date serve.
COUNT_INTERNAL = f"""
SELECT count(*) FROM (
    SELECT FROM balances_balance
    WHERE ledger_id = (SELECT id FROM ledgers_ledger WHERE is_general) AND indicator <> ''
    LIMIT {EXACT_MAX + 1}
) AS internal
"""  # noqa: S608 -- a constant
COUNT_OF = """
SELECT count(*) FROM (
    SELECT FROM balances_balance WHERE {column} = %s LIMIT %s
) AS counted
"""
IS_INTERNAL = ~Q(indicator="") & Q(
    ledger=RawSQL("SELECT id FROM ledgers_ledger WHERE is_general", ())
)
ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True, slots=True)
class BalanceFilter:
    """The filters of a balances table. `unknown` names those whose record does not exist.

    With `recorded_by` those alone that had been opened by then.
    """

    ledger: Ledger | None = None
    identity: Identity | None = None
    currency: str = ""
    text: str = ""
    matches: Q = NOTHING_ASKED
    is_internal: bool = False
    unknown: tuple[str, ...] = ()
    recorded_by: datetime | None = None

    @classmethod
    def read(cls, request: HttpRequest, *, recorded_by: datetime | None = None) -> Self:
        """The filters of `?ledger=&identity=&currency=&q=&tab=`."""
        ledger_key, identity_key = request.GET.get("ledger", ""), request.GET.get("identity", "")
        ledger = find_by_key(Ledger, ledger_key, "ldg")
        identity = find_by_key(Identity, identity_key, "idt")
        unknown = [
            name
            for name, key, record in (
                ("ledger", ledger_key, ledger),
                ("identity", identity_key, identity),
            )
            if key and record is None
        ]
        text = search_text(request)
        return cls(
            ledger=ledger,
            identity=identity,
            currency=search_text(request, "currency").upper(),
            text=text,
            matches=find_matches(text) if text else NOTHING_ASKED,
            is_internal=request.GET.get("tab") == "internal",
            unknown=tuple(unknown),
            recorded_by=recorded_by,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether one ledger or owner bounds the rows, so that adding them up is cheap."""
        return self.ledger is not None or self.identity is not None

    @property
    def is_any(self) -> bool:
        """Whether anything is filtered, the tab aside."""
        return bool(self.is_narrow or self.currency or self.text or self.unknown)

    @property
    def only(self) -> Ledger | Identity | None:
        """The one ledger or owner, where nothing else is asked for."""
        is_more = self.is_internal or self.currency or self.text or self.unknown or self.recorded_by
        if is_more or (self.ledger and self.identity):
            return None
        return self.ledger or self.identity

    @property
    def is_empty(self) -> bool:
        """Whether no balance can pass."""
        is_outside = bool(self.is_internal and self.ledger and not self.ledger.is_general)
        return is_outside or bool(self.unknown)

    def on_tab(self, *, is_internal: bool) -> Self:
        """The same filters on the other tab."""
        return replace(self, is_internal=is_internal)

    def select(self, balances: QuerySet[Balance, Any] | None = None) -> QuerySet[Balance, Any]:
        """Those of the `balances` that pass, or of all."""
        balances = Balance.objects.all() if balances is None else balances
        if self.is_empty:
            return balances.none()
        if self.ledger:
            balances = balances.filter(ledger=self.ledger)
        if self.identity:
            balances = balances.filter(identity=self.identity)
        if self.currency:
            balances = balances.filter(currency=self.currency)
        if self.is_internal:
            balances = balances.filter(IS_INTERNAL)
        if self.recorded_by:
            balances = balances.filter(created_at__lte=self.recorded_by)
        return balances.filter(self.matches)

    def count(self) -> str:
        """How many pass, as `count_exact` says it; what tables ask for without building a query."""
        if self.is_empty:
            return say_up_to(0)
        if self.only:
            sql = COUNT_OF.format(column=column_of(self.only))
            ((count,),) = fetch_all(sql, [self.only.pk, EXACT_MAX + 1])
            return say_up_to(count)
        if self.is_any or self.recorded_by or not self.is_internal:
            return count_exact(self.select())
        ((count,),) = fetch_all(COUNT_INTERNAL)
        return say_up_to(count)

    def select_in_order(
        self, balances: QuerySet[Balance, Any], order: Sequence[Key]
    ) -> tuple[QuerySet[Balance, Any], Sequence[Key]]:
        """Those of the `balances` that pass, and the order of their page, for `paginate`.

        Along the column that is filtered, if there is one.
        """
        if self.is_empty:
            return balances.none(), order
        value: object
        if self.ledger:
            others, field, value = replace(self, ledger=None), "ledger_id", self.ledger.pk
        elif self.identity:
            others, field, value = replace(self, identity=None), "identity_id", self.identity.pk
        elif self.currency:
            others, field, value = replace(self, currency=""), "currency_id", self.currency
        else:
            return self.select(balances), order
        return select_along(field, value, others.select(balances), order)

    def words(self, request: HttpRequest) -> list[tuple[str, str]]:
        """What is filtered, in words, and the name of the parameter that says so."""
        labels = {
            "ledger": _("Ledger: %(name)s") % {"name": self.ledger.name} if self.ledger else "",
            "identity": (
                _("Owner: %(name)s") % {"name": self.identity.name} if self.identity else ""
            ),
            "currency": _("Currency: %(code)s") % {"code": self.currency} if self.currency else "",
            "q": _("Owner or indicator: %(text)s") % {"text": self.text} if self.text else "",
        }
        labels |= {
            name: _("No such record: %(key)s") % {"key": request.GET[name][:60]}
            for name in self.unknown
        }
        return [(label, name) for name, label in labels.items() if label]


def column_of(record: Ledger | Identity) -> str:
    """The column of balances that holds the key of their ledger, or of their owner."""
    return "ledger_id" if isinstance(record, Ledger) else "identity_id"


def select_along(
    column: str, value: object, balances: QuerySet[Balance, Any], order: Sequence[Key]
) -> tuple[QuerySet[Balance, Any], Sequence[Key]]:
    """Those of the `balances` with the value in that column, and the order of their page.

    The order begins with the column, asked for as a range: so only an index that begins with it
    gives the order. For an equal sign the planner may walk through all balances by date until
    enough of one ledger's have come: 90,000 if those are old.
    """
    ranged = {f"{column}__gte": value, f"{column}__lte": value}
    return balances.filter(**ranged), [Key(column, order[0].descending), *order]


class _OwnedBy(Func):
    """Of one of these owners; one parameter, since thousands would take long to send."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY ("
    output_field = BooleanField()

    def __init__(self, identity_ids: Sequence[int]) -> None:
        super().__init__(F("identity_id"), Value(list(identity_ids)))


def find_by_key(model: type[ModelT], key: str, prefix: str, *related: str) -> ModelT | None:
    """The record with this key (`ldg_…`); None for another one, or for no key at all."""
    public_id = parse_key(key, prefix)
    return find_record(model, public_id, *related) if public_id else None


def find_matches(text: str) -> Q:
    """The balances whose owner or indicator holds `text`, case aside, or whose id it is.

    Names are read once: owners by their keys, which an index finds; when very many
    match, a scan comes upon enough of them at once.
    """
    owners = Identity.objects.filter(name__icontains=text).values_list("pk", flat=True)
    keys = list(owners[: OWNERS_MAX + 1])
    by_owner = Q(identity__in=owners) if len(keys) > OWNERS_MAX else Q(_OwnedBy(keys))
    indicators = Balance.objects.exclude(indicator="").filter(indicator__icontains=text)
    named = Q(pk__in=list(indicators.values_list("pk", flat=True)))
    public_id = parse_key(text, "bln")
    return by_owner | named | Q(public_id=public_id) if public_id else by_owner | named
