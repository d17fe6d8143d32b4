from __future__ import annotations

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import search.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("transactions", "0006_life_of_a_hold"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Others may use it, too.
        migrations.RunSQL(
            "CREATE EXTENSION IF NOT EXISTS pg_trgm", reverse_sql=migrations.RunSQL.noop
        ),
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("transaction_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="searchmark_is_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="Word",
            fields=[("word", models.TextField(primary_key=True, serialize=False))],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["word"], name="word_text", opclasses=["gin_trgm_ops"]
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "transaction_id",
                        "line",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="transactions.transaction",
                    ),
                ),
                ("effective_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("line", models.SmallIntegerField()),
                ("kind", models.TextField()),
                ("currency", models.TextField()),
                ("amount", search.models.MajorField()),
                ("text", models.TextField()),
                ("metadata", models.JSONField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["effective_at", "transaction"], name="document_effective"),
                    models.Index(fields=["amount", "transaction"], name="document_amount"),
                    models.Index(fields=["currency"], name="document_currency"),
                    django.contrib.postgres.indexes.BrinIndex(
                        fields=["created_at"], name="document_created", pages_per_range=32
                    ),
                    models.Index(
                        condition=models.Q(("actor__isnull", False)),
                        fields=["actor", "effective_at", "transaction"],
                        name="document_actor",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["text"],
                        gin_pending_list_limit=1024,
                        name="document_text",
                        opclasses=["gin_trgm_ops"],
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["metadata"], gin_pending_list_limit=1024, name="document_metadata"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FoundTransaction",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "transaction_id",
                        "line",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            options={"db_table": "search_found", "managed": False},
        ),
        migrations.CreateModel(
            name="FoundLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "transaction_id",
                        "line",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            options={"db_table": "search_line", "managed": False},
        ),
    ]
