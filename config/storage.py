from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORTS = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]


class HashedStaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names files by their content, those that our JavaScript modules import as well."""

    # Django's own switch would also follow what packages only mention in a comment.
    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", _IMPORTS))
