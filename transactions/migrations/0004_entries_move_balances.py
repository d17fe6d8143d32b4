from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_again


class Migration(migrations.Migration):
    dependencies = [
        ("transactions", "0003_posting"),
        ("balances", "0003_indicators_are_audited"),
    ]

    operations = [run_sql_again(__file__, "0002_guards", "0003_posting")]
