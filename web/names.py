"""When two names are the same to whoever reads them; kept for each name by the database."""

from __future__ import annotations

from django.db.models import Func, GeneratedField, TextField, Value


def plain_name(name: str | Value) -> Func:
    """A name (of that column, or a `Value`) as names are compared and sorted.

    Case, width and other compatible forms (NFKC), code points that nobody sees, outer spaces and
    runs of spaces make no difference: see identities/migrations/sql/0005_plain_names.up.sql.
    """
    return Func(name, function="plain_name", output_field=TextField())


def plain_name_field() -> GeneratedField:
    """The column `plain_name` of a record that has a `name`."""
    return GeneratedField(
        expression=plain_name("name"), output_field=TextField(), db_persist=True, editable=False
    )


def spellings_of(text: str) -> list[str]:
    """A text in the capitals that names usually have, for an index that tells them apart."""
    return sorted({text, text.lower(), text.upper(), text.title(), text.capitalize()})


def same_as(name: str, *, of: str = "") -> dict[str, Func]:
    """What `filter` takes to find records of this name, or those `of` ("owner__") which has it."""
    return {f"{of}plain_name": plain_name(Value(name))}
