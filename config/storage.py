from __future__ import annotations

import logging

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

logger = logging.getLogger(__name__)

_IMPORTS = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]


class HashedStaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names files by their content, those that our JavaScript modules import as well."""

    # Django's own switch would also follow what packages only mention in a comment.
    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", _IMPORTS))

    def url(self, name: str, force: bool = False) -> str:
        """The address of a file; a page without its style is better than none.

        Where files were not collected, every page would break, and the page that says so.
        """
        try:
            return str(super().url(name, force))
        except ValueError:
            logger.exception("%s is not collected: run `manage.py collectstatic`", name)
            return StaticFilesStorage.url(self, name)
