from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower, Now


class Migration(migrations.Migration):
    dependencies = [("users", "0003_shortcuts")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="table_choices",
            field=models.JSONField(default=dict, editable=False, verbose_name="choices for tables"),
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("table", models.CharField(max_length=40, verbose_name="table")),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                (
                    "description",
                    models.CharField(blank=True, max_length=200, verbose_name="description"),
                ),
                ("query", models.CharField(blank=True, max_length=4000, verbose_name="query")),
                (
                    "is_shared",
                    models.BooleanField(default=False, verbose_name="shared with everybody"),
                ),
                ("position", models.PositiveIntegerField(verbose_name="position")),
                (
                    "created_at",
                    models.DateTimeField(db_default=Now(), editable=False, verbose_name="created"),
                ),
                (
                    "changed_at",
                    models.DateTimeField(db_default=Now(), editable=False, verbose_name="changed"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "indexes": [
                    models.Index(
                        fields=["table"], name="view_shared", condition=models.Q(is_shared=True)
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        "owner", "table", Lower("name"), name="view_name_unique"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(name__regex=r"^\s*$"), name="view_name_present"
                    ),
                ],
            },
        ),
    ]
