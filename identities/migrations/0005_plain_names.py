from __future__ import annotations

from django.db import migrations, models

from web.sql import run_sql_beside


class Migration(migrations.Migration):
    dependencies = [("identities", "0004_text_search")]

    operations = [
        run_sql_beside(__file__),
        migrations.AddField(
            model_name="identity",
            name="plain_name",
            field=models.GeneratedField(
                db_persist=True,
                editable=False,
                expression=models.Func(
                    "name", function="plain_name", output_field=models.TextField()
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.RemoveIndex(model_name="identity", name="identity_name_any_case"),
        migrations.AddIndex(
            model_name="identity",
            index=models.Index(fields=["plain_name", "id"], name="identity_plain_name"),
        ),
    ]
