from __future__ import annotations

from django.db import migrations

from web.sql import run_sql_beside


class Migration(migrations.Migration):
    dependencies = [("balances", "0005_floors_and_followers")]

    operations = [run_sql_beside(__file__)]
