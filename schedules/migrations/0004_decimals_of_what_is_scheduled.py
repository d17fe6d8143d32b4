from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_again


class Migration(migrations.Migration):
    dependencies = [("schedules", "0003_seen"), ("balances", "0002_guards")]

    operations = [run_sql_again(__file__, "0002_guards")]
