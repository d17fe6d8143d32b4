"""Sharing an amount out over several balances, on one side of a transfer."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.models import Balance
from ledgers.models import Currency
from ledgers.money import AmountError, format_amount
from transactions.forms.options import OptionsForm, Place
from transactions.forms.rows import RowForm, rows_of
from transactions.forms.sides import Side, call_side, key_of
from transactions.splits import (
    LEFT,
    Share,
    ShareKind,
    SplitError,
    parse_share,
    refuse_repeated,
    split,
)

PARTS_MAX = 100
DESTINATIONS, SOURCES = "destinations", "sources"
SPLITS = (
    (DESTINATIONS, gettext_lazy("Several destinations")),
    (SOURCES, gettext_lazy("Several sources")),
)


def share_field(**kwargs: Any) -> forms.CharField:
    attrs = {"class": "num", "autocomplete": "off", "spellcheck": "false"}
    widget = forms.TextInput(attrs=attrs)
    return forms.CharField(required=False, max_length=120, widget=widget, **kwargs)


class PartForm(RowForm):
    """One further source or destination, and its share."""

    telling = ("side", "share")

    share = share_field(label=gettext_lazy("Share"))

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not self.is_filled:
            return given
        if not given.get("share") and "share" not in self.errors:
            self.add_error("share", _("Enter an amount, a percentage, or “left”."))
        return given


class SplitForm(OptionsForm):
    """The further balances that share in an amount: the sources, or the destinations."""

    rows_class = rows_of(PartForm, label=gettext_lazy("Part"), count_max=PARTS_MAX)
    rows_prefix = "part"
    advanced: ClassVar[tuple[str, ...]] = (*OptionsForm.advanced, "first_share")

    split_of = forms.ChoiceField(
        label=gettext_lazy("Split over"), required=False, choices=SPLITS, initial=DESTINATIONS
    )
    first_share = share_field(
        label=gettext_lazy("Share of the one above"), help_text=gettext_lazy("Empty: what is left.")
    )

    @property
    def is_advanced(self) -> bool:
        return super().is_advanced or bool(self.rows.forms)

    def part_sides(self, currency: Currency, other: Side) -> list[Side]:
        """The further sides; none of them twice, none on both sides, all in one currency."""
        sides: list[Side] = []
        for part in self.rows.filled:
            side: Side | None = part.cleaned_data.get("side")
            if not side:
                continue
            if isinstance(side, Balance) and side.currency != currency:
                message = _("This balance is in %(own)s, the amount in %(code)s.")
                codes = {"own": side.currency_id, "code": currency.code}
                part.add_error("side", message % codes)
                continue
            try:
                side = self.settle(side, currency)
            except ValidationError as error:
                part.add_error("side", error)
                continue
            if side == other:
                part.add_error("side", _("This balance is on the other side already."))
            self.places.append(Place(side, part, "side"))
            sides.append(side)
        return sides

    def share_out(self, amount_minor: int, sides: list[Side], currency: Currency) -> dict[str, int]:
        """What each side gets, by key; what stands in the way is shown at its share."""
        parts = self.rows.filled
        cells: list[tuple[forms.Form, str]] = [(self, "first_share")]
        cells += [(part, "share") for part in parts]
        shares = [share for cell in cells if (share := self._share(*cell, currency))]
        if len(shares) < len(cells) or any(part.errors for part in parts):
            return {}
        try:
            refuse_repeated([key_of(side) for side in sides])
            amounts = split(amount_minor, shares, exponent=currency.exponent)
        except SplitError as error:
            form, name = cells[error.index or 0]
            form.add_error(name, str(error))
            return {}
        for (form, name), minor in zip(cells, amounts, strict=True):
            if minor == 0:
                form.add_error(name, _("This share comes to nothing."))
        self.outcomes.append(
            " · ".join(
                f"{call_side(side)} {format_amount(minor, currency.exponent)}"
                for side, minor in zip(sides, amounts, strict=True)
            )
        )
        return {key_of(side): minor for side, minor in zip(sides, amounts, strict=True)}

    def _share(self, form: forms.Form, name: str, currency: Currency) -> Share | None:
        text = form.cleaned_data.get(name, "")
        if form is self and not text:
            return LEFT
        try:
            share = parse_share(text, currency.exponent)
        except AmountError as error:
            if name not in form.errors:
                form.add_error(name, str(error))
            return None
        if share.kind is ShareKind.FIXED:
            self.note(text, int(share.number), currency)
        return share
