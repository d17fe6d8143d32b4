"""What is said to the operator, and only once."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.conf import settings


class ToldOnce(logging.Filter):
    """Leaves out an error of a page, which `web.views.server_error` has told in its own words.

    Django tells it once more with the whole traceback, for each request while a database is down.
    That a page was refused to somebody is no error: the line says it all.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be told; all are where developers look on."""
        status = getattr(record, "status_code", HTTPStatus.OK)
        if status == HTTPStatus.FORBIDDEN:
            record.exc_info = None
        is_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR and bool(record.exc_info)
        return settings.DEBUG or not is_error
