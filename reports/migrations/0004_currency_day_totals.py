from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import ledgers.fields
from web.sql import run_sql_beside


class Migration(migrations.Migration):
    dependencies = [
        ("ledgers", "0001_initial"),
        ("reports", "0003_lookalikes"),
    ]

    operations = [
        # Before the tables, as rolling does it: nobody rolls up meanwhile.
        migrations.RunSQL(
            "LOCK TABLE reports_rollmark IN ACCESS EXCLUSIVE MODE", migrations.RunSQL.noop
        ),
        migrations.AddField(
            model_name="ledgerdaytotal",
            name="net_credit_minor",
            field=ledgers.fields.MinorField(default=0),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="ledgerdaytotal",
            constraint=models.CheckConstraint(
                condition=models.Q(("net_credit_minor__gte", 0)),
                name="ledgerdaytotal_net_is_of_one_side",
            ),
        ),
        migrations.CreateModel(
            name="CurrencyDayTotal",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "currency_id",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
                ("credit_minor", ledgers.fields.MinorField()),
                ("debit_minor", ledgers.fields.MinorField()),
                ("net_credit_minor", ledgers.fields.MinorField()),
                ("entry_count", models.BigIntegerField()),
                (
                    "currency",
                    models.ForeignKey(
                        db_column="currency",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledgers.currency",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credit_minor__gte", 0),
                            ("debit_minor__gte", 0),
                            ("entry_count__gt", 0),
                            ("net_credit_minor__gte", 0),
                        ),
                        name="currencydaytotal_counts_entries",
                    )
                ],
            },
        ),
        run_sql_beside(__file__),
    ]
