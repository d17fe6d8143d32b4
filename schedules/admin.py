from __future__ import annotations

# Importing its pages registers them; what they do to jobs would leave no audit event.
import procrastinate.contrib.django.admin  # noqa: F401
from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateJob

admin.site.unregister(ProcrastinateJob)
