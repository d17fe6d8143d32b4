from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_again


class Migration(migrations.Migration):
    dependencies = [("balances", "0007_closing_is_guarded")]

    operations = [run_sql_again(__file__, "0002_guards")]
