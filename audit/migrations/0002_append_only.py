from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_beside


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("users", "0001_initial")]

    operations = [run_sql_beside(__file__)]
