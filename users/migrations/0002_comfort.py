from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("users", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="contrast",
            field=models.CharField(
                choices=[("system", "System"), ("high", "High")],
                default="system",
                max_length=10,
                verbose_name="contrast",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="date_format",
            field=models.CharField(
                choices=[("named", "3 Jan 2025"), ("iso", "2025-01-03")],
                default="named",
                max_length=10,
                verbose_name="dates",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="motion",
            field=models.CharField(
                choices=[("system", "System"), ("reduced", "Reduced")],
                default="system",
                max_length=10,
                verbose_name="motion",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="number_format",
            field=models.CharField(
                choices=[("point", "1,234.56"), ("comma", "1.234,56"), ("space", "1\xa0234,56")],
                default="point",
                max_length=10,
                verbose_name="numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("contrast__in", ["system", "high"])), name="user_contrast_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("motion__in", ["system", "reduced"])), name="user_motion_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("number_format__in", ["point", "comma", "space"])),
                name="user_number_format_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("date_format__in", ["named", "iso"])),
                name="user_date_format_known",
            ),
        ),
    ]
