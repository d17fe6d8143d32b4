from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_again


class Migration(migrations.Migration):
    dependencies = [("transactions", "0012_dates_in_calendar")]

    operations = [run_sql_again(__file__, "0003_posting")]
