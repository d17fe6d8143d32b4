from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from web.sql import run_sql_again


class Migration(migrations.Migration):
    dependencies = [
        ("schedules", "0002_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="seen_at",
            field=models.DateTimeField(null=True, verbose_name="seen"),
        ),
        migrations.AddField(
            model_name="schedule",
            name="seen_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="seen by",
            ),
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                condition=models.Q(("seen_at", None), ("state", "REJECTED")),
                fields=["due_at", "id"],
                name="schedule_unseen",
            ),
        ),
        run_sql_again(__file__, "0002_guards"),
    ]
