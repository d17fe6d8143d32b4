"""The keys of entries: `ent_` and the number that the database gave the entry when it was written.

They name ticked rows in addresses, where a hundred must fit, and the rows of files to programs. An
entry is never changed or removed, so its key stays its own; it opens nothing that the table of
entries does not show to whoever may ask for it.
"""

from __future__ import annotations

import re

PREFIX = "ent"
# So many digits are sure to be a number of the database.
KEY = re.compile(rf"{PREFIX}_([1-9][0-9]{{0,17}})", re.ASCII)


def entry_key(number: int) -> str:
    return f"{PREFIX}_{number}"


def parse_entry_key(text: str) -> int | None:
    """The number in `"ent_12"` (as typed, in any case, spaces around it), else None."""
    match = KEY.fullmatch(text.strip().lower())
    return int(match[1]) if match else None
