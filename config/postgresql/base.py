"""Django's PostgreSQL backend, with whole numbers that the server binds kept whole."""

from __future__ import annotations

from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    # Django marks a number as 32 bits wide where an expression has no wider field, such as
    # `Value(10**12)`; bound by the server, its upper digits would be cut off without a word.
    # Left as it is, its size decides how it is sent.
    integerfield_type_map = dict.fromkeys(operations.DatabaseOperations.integerfield_type_map, int)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
