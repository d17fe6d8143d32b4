from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DAYBOOK_PROCESS", "web")

application = get_wsgi_application()

# What is loaded by now stays: to look through it for garbage took a page 80 ms now and then.
gc.freeze()
