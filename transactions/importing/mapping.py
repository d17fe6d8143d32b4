"""The mapping: how the rows of a publisher's files become transactions."""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from transactions.importing.templates import Template

# What a template may name besides the columns.
FILE = "file"
LINE = "line"
# What an import itself writes into the extra information of a transaction.
FILE_KEY = "import_file"
LINES_KEY = "import_lines"
FALLBACK_KEY = "fallback_date"
DATE_KEY = "date_in_file"
REFUSED_KEY = "refused_lines"
OWN_KEYS = frozenset({FILE_KEY, LINES_KEY, FALLBACK_KEY, DATE_KEY, REFUSED_KEY})


class Negative(StrEnum):
    """What an amount below zero means."""

    SWAP = "swap"
    REFUSE = "refuse"


class Lines(StrEnum):
    """Whether the lines that share a reference are one transaction, or each is its own."""

    TOGETHER = "together"
    EACH = "each"


class Incomplete(StrEnum):
    """What becomes of a voucher of which a line could not be read."""

    POST = "post"
    REFUSE = "refuse"


class Entries(StrEnum):
    """An entry for every line of a voucher, or one on each balance for their net."""

    PER_LINE = "per line"
    NET = "net"


@dataclass(frozen=True, slots=True)
class Column:
    """A value of each row: the headers it may stand under, and how it is read.

    `before` cuts the value at the first of these separators; `blank` is what
    an empty cell means.
    """

    name: str
    headers: tuple[str, ...]
    is_optional: bool
    before: tuple[str, ...]
    blank: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """The date of transactions whose own cannot be read, in the files that `files` matches."""

    files: str
    date: dt.date


@dataclass(frozen=True, slots=True)
class DateRules:
    """How dates are written; one without a time takes effect at `time`, in `zone`."""

    column: str
    formats: tuple[str, ...]
    time: dt.time
    zone: ZoneInfo
    fallbacks: tuple[Fallback, ...]

    def fallback_for(self, path: Path) -> dt.date | None:
        """The date given for a file of this name, if any."""
        for fallback in self.fallbacks:
            if fnmatch.fnmatchcase(path.name.lower(), fallback.files.lower()):
                return fallback.date
        return None


@dataclass(frozen=True, slots=True)
class AmountRules:
    """`currency` is a code or made from columns; `signs` may stand beside an amount.

    What stands in the column `less`, if there is one, is taken from the amount.
    """

    column: str
    less: str
    currency: Template
    decimal: str
    signs: tuple[str, ...]
    negative: Negative


@dataclass(frozen=True, slots=True)
class Side:
    """Which balance a line debits or credits.

    Either `indicator`, in the General Ledger, or `balance`, the id of one that
    is there, or the balance of `owner` in the ledger named `ledger`; whatever
    is missing is opened on first use, but for a `balance`.
    """

    entries: Entries
    indicator: Template | None = None
    balance: Template | None = None
    ledger: str = ""
    owner: Template | None = None
    owner_kind: str = ""
    normal_side: str = ""
    may_go_below_zero: bool = False

    @property
    def name_length_max(self) -> int:
        return 100 if self.indicator else 200

    @property
    def name(self) -> Template:
        """What tells one balance of this side from another."""
        name = self.indicator or self.balance or self.owner
        assert name is not None
        return name


@dataclass(frozen=True, slots=True)
class TransactionRules:
    """What a transaction is made of; `metadata` names columns, `constants` are kept with each."""

    reference: Template
    description: Template
    lines: Lines
    incomplete: Incomplete
    metadata: tuple[str, ...]
    constants: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """All that an import needs to know about a kind of file."""

    name: str
    encodings: tuple[str, ...]
    delimiter: str
    columns: tuple[Column, ...]
    amount: AmountRules
    date: DateRules
    transaction: TransactionRules
    debit: Side
    credit: Side


def plain_header(text: str) -> str:
    """A header without case, spaces and underscores: what makes two headers alike."""
    return re.sub(r"[\s_\ufeff]+", "", text).casefold()
