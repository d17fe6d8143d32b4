"""Django's PostgreSQL backend, with whole numbers that the server binds kept whole."""

from __future__ import annotations

from select import POLLIN, poll

from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    # Django marks a number as 32 bits wide where an expression has no wider field, such as
    # `Value(10**12)`; bound by the server, its upper digits would be cut off without a word.
    # Left as it is, its size decides how it is sent.
    integerfield_type_map = dict.fromkeys(operations.DatabaseOperations.integerfield_type_map, int)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def is_usable(self) -> bool:
        """Whether the connection still stands, which Django asks before each request.

        A server that ends a connection says so, and nothing else arrives between requests:
        where there is nothing to read, a question would only cost its way there and back.
        """
        return self._is_silent() or super().is_usable()

    def _is_silent(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        waiting = poll()
        waiting.register(self.connection.fileno(), POLLIN)
        return not waiting.poll(0)
