"""Reading a mapping from its TOML file."""

from __future__ import annotations

import datetime as dt
import re
import time
import tomllib
import zoneinfo
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from balances.models import Balance
from identities.models import Identity
from transactions.importing.mapping import (
    FILE,
    LINE,
    OWN_KEYS,
    AmountRules,
    Column,
    DateRules,
    Entries,
    Fallback,
    ImportMapping,
    Incomplete,
    Lines,
    Negative,
    Side,
    TransactionRules,
    plain_header,
)
from transactions.importing.templates import Template
from transactions.importing.toml import MappingError, Section

ENCODINGS = ("utf-8-sig", "cp1252")


class _OwnerKind(StrEnum):
    PERSON = Identity.Kind.PERSON.lower()
    ORGANIZATION = Identity.Kind.ORGANIZATION.lower()


class _NormalSide(StrEnum):
    CREDIT = Balance.NormalSide.CREDIT.lower()
    DEBIT = Balance.NormalSide.DEBIT.lower()


def load_mapping(path: Path) -> ImportMapping:
    """Read the mapping in a TOML file.

    Raises:
        MappingError: the file cannot be read, is not TOML, or says something
            that cannot be followed; the message names the file and the place.
    """
    try:
        return parse_mapping(path.read_text(encoding="utf-8"), name=path.name)
    except (OSError, UnicodeDecodeError, MappingError) as error:
        raise MappingError(f"{path}: {error}") from error


def parse_mapping(text: str, *, name: str) -> ImportMapping:
    """Read a mapping that is written as TOML.

    Raises:
        MappingError: as `load_mapping`, but for the file.
    """
    try:
        return read_mapping(tomllib.loads(text), name=name)
    except (ValueError, RecursionError) as error:
        # Numbers without end and tables within tables are more than Python reads.
        raise MappingError(str(error)) from error


def read_mapping(table: dict[str, Any], *, name: str) -> ImportMapping:
    """The mapping that a TOML table describes.

    Raises:
        MappingError: as `load_mapping`.
    """
    top = Section("", table)
    file = top.section("file", {})
    mapping = ImportMapping(
        name=name,
        encodings=_encodings(file),
        delimiter=_delimiter(file),
        columns=_columns(top.section("columns")),
        amount=_amount(top.section("amount")),
        date=_date(top.section("date")),
        transaction=_transaction(top.section("transaction")),
        debit=_side(top.section("debit")),
        credit=_side(top.section("credit")),
    )
    file.finish()
    top.finish()
    _check_names(mapping)
    return mapping


def _encodings(section: Section) -> tuple[str, ...]:
    encodings = section.texts("encodings", ENCODINGS)
    for encoding in encodings:
        try:
            # There are encodings of other things than text, such as zlib.
            "".encode(encoding)
        except (LookupError, ValueError):
            raise section.error(_("unknown encoding %r") % encoding) from None
    return encodings


def _delimiter(section: Section) -> str:
    delimiter = section.text("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise section.error(_("delimiter must be one character, such as , or ;"))
    return delimiter


def _columns(section: Section) -> tuple[Column, ...]:
    return tuple(_column(section, name, value) for name, value in section.rest().items())


def _column(parent: Section, name: str, value: Any) -> Column:
    if not name.isidentifier() or name in {FILE, LINE}:
        raise parent.error(_("%r cannot be the name of a column") % name)
    if isinstance(value, list | str):
        value = {"headers": [value] if isinstance(value, str) else value}
    if not isinstance(value, dict):
        raise parent.error(_("%s must be a list of headers, or a table") % name)
    section = Section(f"{parent.name}.{name}", value)
    column = Column(
        name=name,
        headers=tuple(map(plain_header, section.texts("headers"))),
        is_optional=section.take("optional", bool, False),
        before=section.texts("before", ()),
        blank=section.text("blank", ""),
    )
    if not column.headers:
        raise section.error(_("headers must name at least one header"))
    section.finish()
    return column


def _amount(section: Section) -> AmountRules:
    rules = AmountRules(
        column=section.text("column", "amount"),
        less=section.text("less", ""),
        currency=section.template("currency"),
        decimal=section.text("decimal", "."),
        signs=section.texts("signs", ()),
        negative=section.choice("negative", Negative.REFUSE),
    )
    if rules.decimal not in {".", ","}:
        raise section.error(_('decimal must be "." or ","'))
    section.finish()
    return rules


def _date(section: Section) -> DateRules:
    rules = DateRules(
        column=section.text("column", "date"),
        formats=section.texts("formats"),
        time=section.take("time", dt.time, dt.time(0)),
        zone=_zone(section),
        fallbacks=tuple(_fallback(each) for each in section.sections("fallback")),
    )
    for each in rules.formats:
        if not re.search("%[Yy]", each) or "%z" in each or not _is_format(each):
            raise section.error(_("%r is not a date's format, such as %%d/%%m/%%Y") % each)
    section.finish()
    return rules


def _is_format(text: str) -> bool:
    """Whether dates can be tried against it; one that names a part twice cannot."""
    try:
        time.strptime("", text)
    except re.error:
        return False
    except ValueError:
        # No date is empty.
        pass
    return True


def _zone(section: Section) -> zoneinfo.ZoneInfo:
    name = section.text("timezone", "UTC")
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise section.error(_("unknown timezone %r") % name) from None


def _fallback(section: Section) -> Fallback:
    fallback = Fallback(files=section.text("files"), date=section.take("date", dt.date))
    section.finish()
    return fallback


def _transaction(section: Section) -> TransactionRules:
    constants = section.section("constants", {}).rest()
    if not all(isinstance(value, str) for value in constants.values()):
        raise section.error(_("constants must be texts"))
    rules = TransactionRules(
        reference=section.template("reference"),
        description=section.template("description", ""),
        lines=section.choice("lines", Lines.TOGETHER),
        incomplete=section.choice("incomplete", Incomplete.REFUSE),
        metadata=section.texts("metadata", ()),
        constants=constants,
    )
    section.finish()
    if taken := OWN_KEYS & {*rules.metadata, *constants}:
        raise section.error(_("the import itself writes %s") % ", ".join(sorted(taken)))
    if not rules.reference.names:
        raise section.error(_("reference must name a column, such as {voucher}"))
    return rules


def _side(section: Section) -> Side:
    entries = section.choice("entries", Entries.PER_LINE)
    if "indicator" in section:
        side = Side(entries=entries, indicator=_indicator(section))
    elif "balance" in section:
        side = Side(entries=entries, balance=_balance(section))
    else:
        side = Side(
            entries=entries,
            ledger=" ".join(section.text("ledger").split()),
            owner=section.template("owner"),
            owner_kind=section.choice("owner_kind", _OwnerKind.ORGANIZATION).upper(),
            normal_side=section.choice("normal_side", _NormalSide.CREDIT).upper(),
            may_go_below_zero=section.take("may_go_below_zero", bool, False),
        )
        if not side.ledger or not side.name.text.strip():
            raise section.error(_("ledger and owner cannot be empty"))
    section.finish()
    return side


def _indicator(section: Section) -> Template:
    indicator = section.template("indicator")
    if not indicator.text.startswith("@"):
        raise section.error(_("indicator must begin with @"))
    return indicator


def _balance(section: Section) -> Template:
    balance = section.template("balance")
    if balance.names:
        raise section.error(_("balance must be the id of one balance, such as bln_…"))
    return balance


def _check_names(mapping: ImportMapping) -> None:
    """Refuse a rule that names a column which the mapping does not describe, or another's."""
    if mapping.amount.column == mapping.date.column:
        raise MappingError(_("date.column and amount.column name the same column"))
    columns = {column.name for column in mapping.columns}
    rules = mapping.transaction
    named = {
        "amount.column": (mapping.amount.column,),
        "amount.less": filter(None, (mapping.amount.less,)),
        "date.column": (mapping.date.column,),
        "amount.currency": mapping.amount.currency.names,
        "debit": mapping.debit.name.names,
        "credit": mapping.credit.name.names,
        "transaction.metadata": rules.metadata,
    }
    own = {
        "transaction.reference": rules.reference.names,
        "transaction.description": rules.description.names,
    }
    for place, names in (named | own).items():
        for name in names:
            if name not in columns and not (place in own and name in {FILE, LINE}):
                raise MappingError(
                    _("%(place)s names the column %(name)s, which is not in [columns]")
                    % {"place": place, "name": name}
                )
