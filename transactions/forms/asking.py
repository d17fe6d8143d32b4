"""What every request for a transaction is entered with, a new one or one that follows another."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.models import Balance
from balances.naming import name_of, shown_minor
from ledgers.arithmetic import LENGTH_MAX
from ledgers.money import format_amount
from transactions.checks import DESCRIPTION_LENGTH_MAX, REFERENCE_LENGTH_MAX, check_moment
from transactions.errors import FutureDateError, InvalidRequestError
from transactions.models import Transaction
from web.formatting import zone_name
from web.text import NameField

EARLIEST = date(1900, 1, 1)
# Letters and digits that cannot be taken for one another when read aloud.
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def draw_reference() -> str:
    """A reference that nobody else draws, with the day in front."""
    letters = "".join(secrets.choice(REFERENCE_ALPHABET) for _place in range(10))
    return f"{timezone.localdate():%Y%m%d}-{letters}"


def amount_field(**kwargs: Any) -> forms.CharField:
    """An amount, to be read once its currency is known."""
    attrs = {"inputmode": "decimal", "class": "num", "autocomplete": "off"}
    return forms.CharField(max_length=LENGTH_MAX, widget=forms.TextInput(attrs=attrs), **kwargs)


def day_field(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


def time_field() -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=gettext_lazy("Time"), required=False, widget=widget)


class DescriptionField(forms.CharField):
    """Text of several lines, without what cannot be shown."""

    widget = forms.Textarea(attrs={"rows": 2, "dir": "auto"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=DESCRIPTION_LENGTH_MAX, **kwargs)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value)).replace("\r\n", "\n")
        for character in text:
            if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs"):
                raise ValidationError(
                    _("This contains the control character U+%(code)04X. Remove it.")
                    % {"code": ord(character)}
                )
        return text


class RequestForm(forms.Form):
    """The base of the forms. The reference makes sending one twice harmless."""

    description = DescriptionField(label=gettext_lazy("Description"), required=False)
    reference = NameField(
        label=gettext_lazy("Reference"),
        max_length=REFERENCE_LENGTH_MAX,
        help_text=gettext_lazy("Unique. Take your own, such as an invoice number, or keep this."),
    )
    effective_date = day_field(gettext_lazy("Effective date"))
    effective_time = time_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day, moment = self.fields["effective_date"], self.fields["effective_time"]
        day.widget.attrs |= {"min": EARLIEST.isoformat(), "max": timezone.localdate().isoformat()}
        day.help_text = _("Empty: the moment of posting.")
        moment.help_text = _("In %(zone)s. Empty: the start of that day.") % {"zone": zone_name()}

    @classmethod
    def read_typed(cls, data: QueryDict) -> dict[str, Any]:
        """What was typed into the fields, judged by nothing; to open another form with."""
        return {
            name: field.widget.value_from_datadict(data, {}, name)
            for name, field in cls.base_fields.items()
        }

    def sent(self) -> str:
        """The form as it came, to be filled in again."""
        assert isinstance(self.data, QueryDict)
        sent = self.data.copy()
        sent.pop("csrfmiddlewaretoken", None)
        return sent.urlencode()

    def clean_reference(self) -> str:
        reference = str(self.cleaned_data["reference"])
        posted = Transaction.objects.filter(reference=reference).first()
        if posted:
            raise ValidationError(_used_reference(posted))
        return reference

    def read_effective(self) -> datetime | None:
        """When it takes effect; None is the moment of posting. Errors are told at the fields."""
        moment = self.read_moment("effective")
        if moment and moment > timezone.now():
            self.add_error("effective_date", str(FutureDateError()))
        return moment

    def read_moment(self, name: str, *, empty: time = time.min) -> datetime | None:
        """The date and time of two fields, in the person's zone."""
        day: date | None = self.cleaned_data.get(f"{name}_date")
        moment: time | None = self.cleaned_data.get(f"{name}_time")
        if day is None:
            if moment and f"{name}_date" not in self.errors:
                self.add_error(f"{name}_date", _("A time needs its date."))
            return None
        if day < EARLIEST:
            self.add_error(f"{name}_date", _("The earliest date is 1 January 1900."))
            return None
        try:
            at = from_current_timezone(datetime.combine(day, moment or empty))
            check_moment(at)
        except ValidationError as error:
            self.add_error(f"{name}_time", error)
            return None
        except (OverflowError, InvalidRequestError):
            self.add_error(f"{name}_date", _("Enter a valid date."))
            return None
        return at


def explain_shortage(balance: Balance, moved_minor: int, *, overdraft_minor: int = 0) -> str:
    """Why a balance cannot move so: credits less debits, as it is now, holds counted."""
    exponent, side = balance.currency.exponent, balance.normal_side
    before = balance.available_minor
    message = (
        _(
            "%(name)s has %(before)s %(currency)s available, the rest is held; this would take"
            " that to %(after)s, and it may not fall below %(floor)s."
        )
        if balance.held_minor
        else _(
            "%(name)s holds %(before)s %(currency)s; this would take it to %(after)s,"
            " and it may not fall below %(floor)s."
        )
    )
    return message % {
        "name": name_of(balance),
        "currency": balance.currency_id,
        "before": format_amount(before, exponent),
        "after": format_amount(before + shown_minor(moved_minor, side), exponent),
        "floor": format_amount(int(balance.floor_minor or 0) - overdraft_minor, exponent),
    }


def _used_reference(posted: Transaction) -> str:
    link = format_html(
        '<a href="{}"><bdi>{}</bdi></a>', posted.get_absolute_url(), posted.reference
    )
    message = _("This reference belongs to a transaction that is posted: {link}. Choose a new one.")
    return format_html(message, link=link)
