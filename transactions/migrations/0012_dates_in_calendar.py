from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_again


class Migration(migrations.Migration):
    dependencies = [("transactions", "0011_posting_outside_triggers")]

    operations = [run_sql_again(__file__, "0002_guards", "0003_posting", "0006_life_of_a_hold")]
