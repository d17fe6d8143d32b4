"""Several reads that see the books at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db import transaction as db_transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside is as it stood at the first of the reads; nothing is written.

    Within a transaction it is that one's own: then it sees what that one sees.
    """
    is_outermost = not connection.in_atomic_block
    with db_transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
