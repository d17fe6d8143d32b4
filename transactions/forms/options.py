"""What every way of entering a transaction asks for, besides its balances and amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, ClassVar, Self

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.models import Balance
from ledgers.arithmetic import read_amount, show_reading
from ledgers.models import Currency
from ledgers.money import AmountError
from transactions.drafts import Draft, DraftLine
from transactions.errors import (
    ClosedBalanceError,
    FutureDateError,
    InsufficientFundsError,
    PostingError,
    ReferenceUsedError,
    SameBalanceError,
    SeveralCurrenciesError,
)
from transactions.forms.asking import (
    RequestForm,
    amount_field,
    day_field,
    explain_shortage,
    time_field,
)
from transactions.forms.rows import RowError, Rows, open_rows, typed_rows
from transactions.forms.sides import Side, settle_side
from transactions.requests import UNLIMITED
from web.formatting import zone_name
from web.metadata import MetadataField

NO_OVERDRAFT, ANY_OVERDRAFT, LIMITED_OVERDRAFT = "", "any", "limit"
OVERDRAFTS = (
    (NO_OVERDRAFT, gettext_lazy("No")),
    (LIMITED_OVERDRAFT, gettext_lazy("Yes, up to a limit")),
    (ANY_OVERDRAFT, gettext_lazy("Yes, without a limit")),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a side was entered, so that a refusal is shown there."""

    side: Side
    form: forms.Form
    field: str


class OptionsForm(RequestForm):
    """The base of both forms."""

    mode: ClassVar[str]
    rows_class: ClassVar[type[Rows]]
    rows_prefix: ClassVar[str]
    rows_blank: ClassVar[int] = 0
    advanced: ClassVar[tuple[str, ...]] = (
        "effective_date",
        "effective_time",
        "overdraft",
        "overdraft_limit",
        "is_hold",
        "expires_date",
        "expires_time",
        "due_date",
        "due_time",
    )

    overdraft = forms.ChoiceField(
        label=gettext_lazy("Allow an overdraft"),
        required=False,
        choices=OVERDRAFTS,
    )
    overdraft_limit = amount_field(
        label=gettext_lazy("Limit"),
        required=False,
        help_text=gettext_lazy("How far below their floors balances may fall."),
    )
    is_hold = forms.BooleanField(
        label=gettext_lazy("Hold the amount"),
        required=False,
        help_text=gettext_lazy("Inflight: reserved now, posted when you commit it."),
    )
    expires_date = day_field(gettext_lazy("Hold expires"))
    expires_time = time_field()
    due_date = day_field(gettext_lazy("Post on"))
    due_time = time_field()
    metadata = MetadataField()

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        rows: Sequence[Mapping[str, Any]] = (),
        blank: int | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.rows = open_rows(
            self.rows_class,
            data,
            prefix=self.rows_prefix,
            initial=rows,
            blank=max(self.rows_blank - len(rows), 0) if blank is None else blank,
        )
        self.places: list[Place] = []
        self.lines: list[DraftLine] = []
        # The balance of each side: many lines may name one indicator, in any capitals.
        self._settled: dict[tuple[str, str], Side] = {}
        # How sums were read, and what the amounts make: the review shows only the former.
        self.readings: list[str] = []
        self.outcomes: list[str] = []
        self._explain_moments()

    @classmethod
    def typed(cls, data: QueryDict) -> Self:
        """A form that holds what was typed and judges nothing, with the rows asked for."""
        rows = typed_rows(cls.rows_class, data, prefix=cls.rows_prefix)
        is_more = f"{cls.rows_prefix}-add" in data
        return cls(
            initial=cls.read_typed(data), rows=rows, blank=max(is_more, cls.rows_blank - len(rows))
        )

    @classmethod
    def row_actions(cls) -> set[str]:
        """The buttons that change rows and are pressed without JavaScript."""
        return {
            "metadata_add",
            "metadata_remove",
            f"{cls.rows_prefix}-add",
            f"{cls.rows_prefix}-remove",
        }

    @cached_property
    def row_errors(self) -> list[RowError]:
        return list(self.rows.errors_by_cell()) if self.is_bound else []

    @property
    def is_advanced(self) -> bool:
        """Whether anything is set, or wrong, among the advanced options."""
        return any(self[name].value() or name in self.errors for name in self.advanced)

    def is_valid(self) -> bool:
        return super().is_valid() and not self.row_errors

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        given["effective_at"] = self.read_effective()
        given["expires_at"] = self._expires_at()
        given["due_at"] = self._due_at()
        self.rows.is_valid()
        return given

    def draft(self) -> Draft:
        """What was entered, once it is valid."""
        given = self.cleaned_data
        return Draft(
            lines=tuple(self.lines),
            reference=given["reference"],
            description=given["description"],
            metadata=given["metadata"],
            effective_at=given["effective_at"],
            overdraft_minor=given["overdraft_minor"],
            exchange_rate=given.get("exchange_rate"),
            is_hold=given["is_hold"],
            expires_at=given["expires_at"],
            due_at=given["due_at"],
            readings=tuple(self.readings),
            sent=self.sent(),
        )

    def blame(self, error: PostingError) -> None:
        """Show a refusal of the posting engine at the field that can put it right."""
        match error:
            case InsufficientFundsError() | ClosedBalanceError():
                self._blame_balance(error)
            case SameBalanceError():
                self.add_error(None, str(error))
            case FutureDateError():
                self.add_error("effective_date", str(error))
            case ReferenceUsedError():
                self.add_error("reference", str(error))
            case SeveralCurrenciesError():
                self.add_error("is_hold", str(error))
            case _:
                field = "due_date" if error.code == "due_in_past" else None
                self.add_error(field, str(error))

    def settle(self, side: Side, currency: Currency) -> Side:
        """The balance that an indicator has in this currency, if it has one.

        Raises:
            ValidationError: that balance is closed.
        """
        if isinstance(side, Balance):
            return side
        named = (side.lower(), currency.code)
        if named not in self._settled:
            self._settled[named] = settle_side(side, currency)
        return self._settled[named]

    def read(self, form: forms.Form, name: str, currency: Currency) -> int | None:
        """The amount in a field in minor units; what is wrong with it is shown there."""
        text = form.cleaned_data.get(name)
        if not text:
            return None
        try:
            minor = read_amount(text, currency.exponent)
        except AmountError as error:
            form.add_error(name, str(error))
            return None
        self.note(text, minor, currency)
        return minor

    def note(self, text: str, minor: int, currency: Currency) -> None:
        """Say how a sum, or one group of thousands, was read."""
        if reading := show_reading(text, minor, currency.exponent):
            self.readings.append(f"{reading} {currency.code}")

    def settle_overdraft(self, currencies: Sequence[Currency]) -> None:
        """Read the overdraft; a limit counts in the currency of what is paid."""
        given = self.cleaned_data
        choice, limit = given.get("overdraft"), given.get("overdraft_limit")
        given["overdraft_minor"] = None
        if choice == ANY_OVERDRAFT:
            given["overdraft_minor"] = UNLIMITED
        if choice != LIMITED_OVERDRAFT:
            if limit:
                message = _("A limit needs the answer “Yes, up to a limit”.")
                self.add_error("overdraft_limit", message)
            return
        if not limit and "overdraft_limit" not in self.errors:
            self.add_error("overdraft_limit", _("Enter an amount."))
        elif len(currencies) > 1:
            self.add_error("overdraft_limit", _("Over several currencies there is no limit."))
        elif currencies:
            given["overdraft_minor"] = self.read(self, "overdraft_limit", currencies[0])

    def _explain_moments(self) -> None:
        today = timezone.localdate().isoformat()
        zone = {"zone": zone_name()}
        start = _("In %(zone)s. Empty: the start of that day.") % zone
        self.fields["expires_date"].widget.attrs |= {"min": today}
        self.fields["expires_date"].help_text = _("Empty: when you commit or void it.")
        self.fields["expires_time"].help_text = _("In %(zone)s. Empty: the end of that day.") % zone
        self.fields["due_date"].widget.attrs |= {"min": today}
        self.fields["due_date"].help_text = _("It posts itself then. Empty: now.")
        self.fields["due_time"].help_text = start

    def _expires_at(self) -> datetime | None:
        moment = self.read_moment("expires", empty=time.max)
        if moment and not self.cleaned_data.get("is_hold"):
            self.add_error("expires_date", _("Only a hold expires."))
        elif moment and moment <= timezone.now():
            self.add_error("expires_date", _("Choose a time that is still to come."))
        return moment

    def _due_at(self) -> datetime | None:
        moment = self.read_moment("due")
        if moment and moment <= timezone.now():
            self.add_error("due_date", _("Choose a time that is still to come."))
        elif moment and self._expires_by(moment):
            self.add_error("expires_date", _("The hold would expire before it is made."))
        elif moment and self.cleaned_data.get("effective_date"):
            message = _("What is posted later takes effect then. Leave this empty.")
            self.add_error("effective_date", message)
        return moment

    def _expires_by(self, moment: datetime) -> bool:
        expires_at: datetime | None = self.cleaned_data.get("expires_at")
        return expires_at is not None and expires_at <= moment

    def _blame_balance(self, error: PostingError) -> None:
        for place in self.places:
            if isinstance(place.side, Balance) and place.side.pk == error.balance_id:
                place.form.add_error(place.field, self._reason(error, place.side))
                self.__dict__.pop("row_errors", None)
                return
        self.add_error(None, str(error))

    def _reason(self, error: PostingError, balance: Balance) -> str:
        if isinstance(error, ClosedBalanceError):
            return str(error)
        moved_minor = sum(
            line.direction * line.amount_minor for line in self.lines if line.side == balance.key
        )
        overdraft_minor = self.cleaned_data["overdraft_minor"] or 0
        return explain_shortage(balance, moved_minor, overdraft_minor=overdraft_minor)
