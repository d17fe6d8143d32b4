from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0002_comfort")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="shortcuts",
            field=models.CharField(
                choices=[("on", "On"), ("off", "Off")],
                default="on",
                max_length=10,
                verbose_name="keyboard shortcuts",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("shortcuts__in", ["on", "off"])), name="user_shortcuts_known"
            ),
        ),
    ]
