from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0005_sessions")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[("READER", "Reader"), ("BOOKKEEPER", "Bookkeeper")],
                default="BOOKKEEPER",
                help_text="A reader sees all books and changes nothing in them; "
                "a bookkeeper does both.",
                max_length=10,
                verbose_name="role",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["READER", "BOOKKEEPER"])), name="user_role_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_superuser", True), ("role", "READER"), _negated=True),
                name="user_superuser_no_reader",
                violation_error_message="A superuser may do everything, and cannot be a reader.",
            ),
        ),
    ]
