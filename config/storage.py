from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """Names files by their content, those that a JavaScript module imports as well."""

    support_js_module_import_aggregation = True
