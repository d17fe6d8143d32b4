from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_beside


class Migration(migrations.Migration):
    dependencies = [("identities", "0003_name_in_any_case")]

    operations = [run_sql_beside(__file__)]
