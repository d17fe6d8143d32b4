"""What a person enters to commit, void, reverse or refund a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.models import Balance
from balances.naming import name_of
from ledgers.arithmetic import read_amount, show_reading
from ledgers.money import AmountError, format_amount
from transactions.errors import (
    BeyondHoldError,
    BeyondOriginalError,
    ClosedBalanceError,
    FutureDateError,
    InsufficientFundsError,
    PostingError,
    ReferenceUsedError,
)
from transactions.following import Step, find_shortage
from transactions.forms.asking import RequestForm, amount_field, explain_shortage
from transactions.standing import Action, Standing
from web.formatting import lazy_number

ALL, PART = "all", "part"


class FollowForm(RequestForm):
    """The base of the forms: they are about a transaction that stands where it stands."""

    action: ClassVar[Action]

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        standing: Standing,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.standing = standing
        self.reading = ""

    @classmethod
    def typed(cls, data: QueryDict, *, standing: Standing) -> FollowForm:
        """A form that holds what was typed and judges nothing."""
        return cls(standing=standing, initial=cls.read_typed(data))

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        given["effective_at"] = self.read_effective()
        given["amount_minor"] = None
        return given

    def step(self) -> Step:
        """What was entered, once it is valid."""
        given = self.cleaned_data
        return Step(
            reference=given["reference"],
            description=given["description"],
            amount_minor=given["amount_minor"],
            effective_at=given["effective_at"],
            is_overdraft_allowed=given.get("allow_overdraft", False),
            reading=self.reading,
            sent=self.sent(),
        )

    def blame(self, error: PostingError) -> None:
        """Show a refusal of the posting engine at the field that can put it right."""
        match error:
            case InsufficientFundsError():
                self._blame_shortage(error)
            case ClosedBalanceError() if error.balance_id:
                balance = Balance.objects.select_related("identity").get(pk=error.balance_id)
                name = {"name": name_of(balance)}
                self.add_error(None, _("The balance of %(name)s is closed.") % name)
            case FutureDateError():
                self.add_error("effective_date", str(error))
            case ReferenceUsedError():
                self.add_error("reference", str(error))
            case BeyondHoldError() | BeyondOriginalError() if "amount" in self.fields:
                self.add_error("amount", str(error))
            case _:
                self.add_error(None, str(error))

    def _blame_shortage(self, error: PostingError) -> None:
        if error.balance_id is None or "allow_overdraft" not in self.fields:
            self.add_error(None, str(error))
            return
        balance, moved_minor = find_shortage(
            error.balance_id, self.step(), self.action, self.standing.transaction
        )
        self.add_error("allow_overdraft", explain_shortage(balance, moved_minor))


class OverdraftForm(FollowForm):
    """The base of those that take funds: an overdraft is offered when they do not suffice."""

    allow_overdraft = forms.BooleanField(
        label=gettext_lazy("Allow this overdraft"),
        required=False,
        help_text=gettext_lazy("For this once: balances may fall below their floors."),
    )

    @property
    def offers_overdraft(self) -> bool:
        return bool(self["allow_overdraft"].value()) or "allow_overdraft" in self.errors


class PartForm(FollowForm):
    """The base of those that may do a part; between currencies it is all or nothing."""

    extent = forms.ChoiceField(
        label=gettext_lazy("How much"), widget=forms.RadioSelect, choices=(), initial=ALL
    )
    amount = amount_field(
        label=gettext_lazy("Amount of the part"),
        required=False,
        help_text=format_lazy(
            gettext_lazy("As written, such as {example}, or a sum: 1200/12."),
            example=lazy_number("1,250.00"),
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        left = self.left()
        if len(left) > 1:
            del self.fields["extent"], self.fields["amount"]
            return
        ((self.currency, self.exponent, self.left_minor),) = left
        everything = f"{format_amount(self.left_minor, self.exponent)} {self.currency}"
        extent = self.fields["extent"]
        assert isinstance(extent, forms.ChoiceField)
        extent.choices = [
            (ALL, _("Everything that is left: %(amount)s") % {"amount": everything}),
            (PART, _("A part of it")),
        ]
        self.fields["amount"].widget.attrs |= {"data-chooses": "part"}

    def left(self) -> list[tuple[str, int, int]]:
        """Code, exponent and what is left, of each currency."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        text = given.get("amount", "")
        if given.get("extent") == ALL and text:
            self.add_error("amount", _("Choose “A part of it”, or leave this empty."))
        elif given.get("extent") == PART and "amount" not in self.errors:
            given["amount_minor"] = self._read_part(text)
        return given

    def _read_part(self, text: str) -> int | None:
        try:
            minor = read_amount(text, self.exponent)
        except AmountError as error:
            self.add_error("amount", str(error))
            return None
        if minor > self.left_minor:
            left = f"{format_amount(self.left_minor, self.exponent)} {self.currency}"
            self.add_error("amount", _("Only %(left)s is left.") % {"left": left})
        if reading := show_reading(text, minor, self.exponent):
            self.reading = f"{reading} {self.currency}"
        return minor


class CommitForm(PartForm):
    action = Action.COMMIT
    field_order = ("extent", "amount", "effective_date", "effective_time", "description")

    def left(self) -> list[tuple[str, int, int]]:
        hold = self.standing.hold
        assert hold is not None
        return [(self.standing.currency, self.standing.exponent, hold.remaining_minor)]


class VoidForm(FollowForm):
    action = Action.VOID
    field_order = ("description", "reference", "effective_date", "effective_time")


class ReverseForm(OverdraftForm):
    action = Action.REVERSE
    field_order = ("allow_overdraft", "effective_date", "effective_time", "description")


class RefundForm(PartForm, OverdraftForm):
    action = Action.REFUND
    field_order = (
        "extent",
        "amount",
        "allow_overdraft",
        "effective_date",
        "effective_time",
        "description",
    )

    def left(self) -> list[tuple[str, int, int]]:
        return [
            (each.currency, each.exponent, each.left_minor)
            for each in self.standing.posted
            if each.left_minor
        ]


FORMS: dict[Action, type[FollowForm]] = {
    form.action: form for form in (CommitForm, VoidForm, ReverseForm, RefundForm)
}
