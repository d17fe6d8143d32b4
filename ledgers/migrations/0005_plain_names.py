from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0004_text_search"), ("identities", "0005_plain_names")]

    operations = [
        migrations.RemoveIndex(model_name="ledger", name="ledger_name"),
        migrations.AddField(
            model_name="ledger",
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
        migrations.AddIndex(
            model_name="ledger",
            index=models.Index(fields=["plain_name", "id"], name="ledger_plain_name"),
        ),
    ]
