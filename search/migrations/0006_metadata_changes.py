from __future__ import annotations

from django.db import migrations, models

from web.sql import run_sql_again


class Migration(migrations.Migration):
    dependencies = [("search", "0005_currency_by_date")]

    operations = [
        migrations.CreateModel(
            name="MetadataChange",
            fields=[("xact", models.BigIntegerField(primary_key=True, serialize=False))],
        ),
        run_sql_again(__file__, "0002_filling"),
    ]
