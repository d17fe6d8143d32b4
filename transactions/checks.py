"""What no state of the books could make right: checked before the database is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from transactions.errors import InvalidRequestError, UnknownBalanceError
from transactions.requests import Indicator, Leg, PostingRequest

LEGS_MAX = 1000
AMOUNT_MAX = 10**38 - 1
REFERENCE_LENGTH_MAX = 200
DESCRIPTION_LENGTH_MAX = 10_000
METADATA_BYTES_MAX = 64 * 1024
BALANCE_PK_MAX = 2**63 - 1

# Control characters and halves of surrogate pairs; a description may have lines and tabs.
_UNFIT_IN_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UNFIT_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_INDICATOR = re.compile(r"@[^\s@][^@]{0,98}")
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def check_request(request: PostingRequest) -> None:
    """Refuse a request that is not well formed.

    Raises:
        InvalidRequestError: the reference, description, a leg or an amount; the
            message says which.
        UnknownBalanceError: a leg names what cannot be a balance.
    """
    reference = request.reference
    if not reference.strip() or len(reference) > REFERENCE_LENGTH_MAX:
        raise InvalidRequestError(_("Enter a reference of 1 to 200 characters."))
    if _UNFIT_IN_NAME.search(reference):
        raise InvalidRequestError(_("The reference holds characters that cannot be shown."))
    if len(request.description) > DESCRIPTION_LENGTH_MAX:
        raise InvalidRequestError(_("The description is too long: 10,000 characters at most."))
    if _UNFIT_IN_TEXT.search(request.description):
        raise InvalidRequestError(_("The description holds characters that cannot be shown."))
    if not 2 <= len(request.legs) <= LEGS_MAX:
        raise InvalidRequestError(_("A transaction has 2 to 1,000 entries."))
    for leg in request.legs:
        _check_leg(leg)


def _check_leg(leg: Leg) -> None:
    # An amount that is not whole would be rounded without a word.
    if type(leg.amount_minor) is not int or not 0 < leg.amount_minor <= AMOUNT_MAX:
        raise InvalidRequestError(
            _("Amounts are whole minor units above zero, of 38 digits at most.")
        )
    if leg.direction not in (-1, 1):
        raise InvalidRequestError(_("An entry is a debit or a credit."))
    if isinstance(leg.balance, Indicator):
        check_indicator(leg.balance)
    elif not 0 < leg.balance <= BALANCE_PK_MAX:
        raise UnknownBalanceError


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
        text = json.dumps(dict(metadata), ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(
            _("Extra information must be JSON: texts, numbers, lists and objects.")
        ) from error
    if size > METADATA_BYTES_MAX:
        raise InvalidRequestError(_("Extra information is too large: 64 kilobytes at most."))
    if _NUL_IN_JSON.search(text):
        raise InvalidRequestError(_("Extra information cannot hold the character NUL."))
    return text
