"""Static files under names that change with their content."""

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
    _is_told = False

    def url(self, name: str, force: bool = False) -> str:
        """The address of a file; a page without its style is better than none.

        Where no files were collected, every page would break, and the page that says so.

        Raises:
            ValueError: other files were collected, and not this one.
        """
        try:
            return str(super().url(name, force))
        except ValueError:
            if self.hashed_files:
                raise
        if not self._is_told:
            self._is_told = True
            logger.error("No static files were collected: run `manage.py collectstatic`")
        return StaticFilesStorage.url(self, name)
