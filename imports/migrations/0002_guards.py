from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_beside


class Migration(migrations.Migration):
    dependencies = [
        ("imports", "0001_initial"),
        ("audit", "0002_append_only"),
    ]

    operations = [run_sql_beside(__file__)]
