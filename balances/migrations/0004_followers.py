from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("balances", "0003_indicators_are_audited"),
    ]

    operations = [
        migrations.AddField(
            model_name="balance",
            name="follower_count",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="balance",
            name="ledger_follower_count",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
