"""What no state of the books could make right: checked before the database is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from transactions.errors import (
    InvalidRequestError,
    UnknownBalanceError,
    UnknownTransactionError,
)
from transactions.requests import Following, HoldRequest, Indicator, Leg, PostingRequest

LEGS_MAX = 1000
AMOUNT_MAX = 10**38 - 1
REFERENCE_LENGTH_MAX = 200
DESCRIPTION_LENGTH_MAX = 10_000
METADATA_BYTES_MAX = 64 * 1024
PK_MAX = 2**63 - 1
RATE_DECIMALS_MAX = 18
RATE_MAX = Decimal(10) ** 20
# Every time zone can show what lies between these; no page could show anything else.
MOMENT_MIN, MOMENT_MAX = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

# Control characters and halves of surrogate pairs; a description may have lines and tabs.
_UNFIT_IN_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UNFIT_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_INDICATOR = re.compile(r"@[^\s@][^@]{0,98}")
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def check_request(request: PostingRequest) -> None:
    """Refuse a request that is not well formed.

    Raises:
        InvalidRequestError: the reference, description, a date, a leg or an amount;
            the message says which.
        UnknownBalanceError: a leg names what cannot be a balance.
    """
    _check_texts(request.reference, request.description)
    check_moment(request.effective_at)
    if isinstance(request, HoldRequest):
        check_moment(request.expires_at)
    if not 2 <= len(request.legs) <= LEGS_MAX:
        raise InvalidRequestError(_("A transaction has 2 to 1,000 entries."))
    for leg in request.legs:
        _check_leg(leg)
    _check_overdraft(request.overdraft_minor)
    if request.exchange_rate is not None:
        _check_rate(request.exchange_rate)


def check_following(request: Following) -> None:
    """Refuse what to do with a transaction where it is not well formed.

    Raises:
        InvalidRequestError: the reference, description, a date or an amount; the
            message says which.
        UnknownTransactionError: it names what cannot be a transaction.
    """
    _check_texts(request.reference, request.description)
    check_moment(request.effective_at)
    if not 0 < request.transaction_id <= PK_MAX:
        raise UnknownTransactionError
    if request.amount_minor is not None:
        _check_amount(request.amount_minor)
    _check_overdraft(request.overdraft_minor)


def check_moment(moment: datetime | None) -> None:
    """Refuse a date that some time zone could not show.

    Raises:
        InvalidRequestError: it lies at an end of the calendar.
    """
    if moment is not None and not MOMENT_MIN <= moment < MOMENT_MAX:
        raise InvalidRequestError(_("Dates lie between the years 1 and 9999."))


def _check_texts(reference: str, description: str) -> None:
    if not reference.strip() or len(reference) > REFERENCE_LENGTH_MAX:
        raise InvalidRequestError(_("Enter a reference of 1 to 200 characters."))
    if _UNFIT_IN_NAME.search(reference):
        raise InvalidRequestError(_("The reference holds characters that cannot be shown."))
    if len(description) > DESCRIPTION_LENGTH_MAX:
        raise InvalidRequestError(_("The description is too long: 10,000 characters at most."))
    if _UNFIT_IN_TEXT.search(description):
        raise InvalidRequestError(_("The description holds characters that cannot be shown."))


def _check_leg(leg: Leg) -> None:
    _check_amount(leg.amount_minor)
    if leg.direction not in (-1, 1):
        raise InvalidRequestError(_("An entry is a debit or a credit."))
    if isinstance(leg.balance, Indicator):
        check_indicator(leg.balance)
    elif not 0 < leg.balance <= PK_MAX:
        raise UnknownBalanceError


def _check_amount(amount_minor: int) -> None:
    # An amount that is not whole would be rounded without a word.
    if type(amount_minor) is not int or not 0 < amount_minor <= AMOUNT_MAX:
        raise InvalidRequestError(
            _("Amounts are whole minor units above zero, of 38 digits at most.")
        )


def _check_overdraft(overdraft_minor: int | None) -> None:
    if overdraft_minor is not None and (
        type(overdraft_minor) is not int or not 0 <= overdraft_minor <= AMOUNT_MAX
    ):
        raise InvalidRequestError(_("An overdraft is whole minor units, of 38 digits at most."))


def _check_rate(rate: Decimal) -> None:
    if not (rate.is_finite() and 0 < rate < RATE_MAX) or rate != round(rate, RATE_DECIMALS_MAX):
        raise InvalidRequestError(
            _("A rate is above zero, with 20 digits before and 18 after the point at most.")
        )


def check_indicator(indicator: Indicator) -> None:
    """Refuse what cannot name a balance of the General Ledger.

    Raises:
        InvalidRequestError: not `@` and up to 99 characters that can be shown.
        UnknownBalanceError: the currency cannot be one.
    """
    if not _INDICATOR.fullmatch(indicator.name) or _UNFIT_IN_NAME.search(indicator.name):
        raise InvalidRequestError(_("An indicator is an @ and a name, such as @Revenue."))
    if not indicator.currency or _UNFIT_IN_NAME.search(indicator.currency):
        raise UnknownBalanceError


def encode_metadata(metadata: Mapping[str, Any]) -> str:
    """The metadata as JSON that PostgreSQL can hold.

    Raises:
        InvalidRequestError: not JSON, too large, or text that cannot be stored.
    """
    if not metadata:
        return "{}"
    try:
        text = _JSON.encode(dict(metadata))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(
            _("Extra information must be JSON: texts, numbers, lists and objects.")
        ) from error
    if size > METADATA_BYTES_MAX:
        raise InvalidRequestError(_("Extra information is too large: 64 kilobytes at most."))
    if "u0000" in text and _NUL_IN_JSON.search(text):
        raise InvalidRequestError(_("Extra information cannot hold the character NUL."))
    return text
