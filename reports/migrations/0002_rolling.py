from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_beside


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_day_totals")]

    operations = [run_sql_beside(__file__)]
