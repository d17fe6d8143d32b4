from __future__ import annotations

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import ledgers.fields


class Migration(migrations.Migration):
    dependencies = [
        ("balances", "0004_followers"),
        ("ledgers", "0003_guards"),
        ("transactions", "0004_entries_move_balances"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "transaction",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="hold",
                        serialize=False,
                        to="transactions.transaction",
                    ),
                ),
                ("effective_at", models.DateTimeField(verbose_name="effective date")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires")),
                ("total_minor", ledgers.fields.MinorField(verbose_name="held")),
                ("committed_minor", ledgers.fields.MinorField(default=0, verbose_name="committed")),
                ("released_minor", ledgers.fields.MinorField(default=0, verbose_name="released")),
                ("ended_as", models.CharField(blank=True, default="", max_length=8)),
            ],
            options={
                "verbose_name": "hold",
                "verbose_name_plural": "holds",
            },
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("POST", "Posting"),
                            ("HOLD", "Hold"),
                            ("COMMIT", "Commit"),
                            ("VOID", "Void"),
                            ("EXPIRY", "Expiry"),
                            ("REVERSAL", "Reversal"),
                            ("REFUND", "Refund"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("effective_at", models.DateTimeField(verbose_name="effective date")),
                (
                    "direction",
                    models.SmallIntegerField(
                        choices=[(-1, "Debit"), (1, "Credit")], verbose_name="direction"
                    ),
                ),
                ("amount_minor", ledgers.fields.MinorField(verbose_name="amount")),
            ],
            options={
                "verbose_name": "reservation",
                "verbose_name_plural": "reservations",
            },
        ),
        migrations.AddField(
            model_name="transaction",
            name="exchange_rate",
            field=models.DecimalField(
                decimal_places=18, max_digits=38, null=True, verbose_name="exchange rate"
            ),
        ),
        migrations.AddField(
            model_name="transaction",
            name="overdraft_minor",
            field=ledgers.fields.MinorField(null=True, verbose_name="overdraft allowed"),
        ),
        migrations.AlterField(
            model_name="transaction",
            name="kind",
            field=models.CharField(
                choices=[
                    ("POST", "Posting"),
                    ("HOLD", "Hold"),
                    ("COMMIT", "Commit"),
                    ("VOID", "Void"),
                    ("EXPIRY", "Expiry"),
                    ("REVERSAL", "Reversal"),
                    ("REFUND", "Refund"),
                ],
                default="POST",
                max_length=8,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="transaction",
            name="status",
            field=models.CharField(
                choices=[
                    ("POSTED", "Posted"),
                    ("INFLIGHT", "Inflight"),
                    ("VOIDED", "Voided"),
                    ("EXPIRED", "Expired"),
                ],
                default="POSTED",
                max_length=8,
                verbose_name="status",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("parent__isnull", False)),
                fields=["parent", "id"],
                name="transaction_parent",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", False)),
                fields=("reverses",),
                name="transaction_reversed_once",
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(
                    (
                        "total_minor__gt",
                        django.db.models.expressions.CombinedExpression(
                            models.F("committed_minor"), "+", models.F("released_minor")
                        ),
                    )
                ),
                fields=["effective_at", "transaction"],
                name="hold_open",
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(
                    (
                        "total_minor__gt",
                        django.db.models.expressions.CombinedExpression(
                            models.F("committed_minor"), "+", models.F("released_minor")
                        ),
                    ),
                    ("expires_at__isnull", False),
                ),
                fields=["expires_at"],
                name="hold_expiring",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("committed_minor__gte", 0),
                    ("released_minor__gte", 0),
                    ("total_minor__gt", 0),
                    (
                        "total_minor__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("committed_minor"), "+", models.F("released_minor")
                        ),
                    ),
                ),
                name="hold_within_total",
            ),
        ),
        migrations.AddField(
            model_name="reservation",
            name="balance",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reservations",
                to="balances.balance",
            ),
        ),
        migrations.AddField(
            model_name="reservation",
            name="hold",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="held",
                to="transactions.transaction",
            ),
        ),
        migrations.AddField(
            model_name="reservation",
            name="ledger",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledgers.ledger",
            ),
        ),
        migrations.AddField(
            model_name="reservation",
            name="transaction",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reservations",
                to="transactions.transaction",
            ),
        ),
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(
                condition=models.Q(("kind", "COMMIT"), _negated=True),
                fields=["balance", "effective_at", "id"],
                name="reservation_effective",
            ),
        ),
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(
                condition=models.Q(("kind", "COMMIT"), _negated=True),
                fields=["ledger", "effective_at", "transaction"],
                name="reservation_ledger",
            ),
        ),
    ]
