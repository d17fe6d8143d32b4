from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0004_added_up_by_index")]

    operations = [
        migrations.RemoveIndex(model_name="document", name="document_currency"),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                fields=["currency", "effective_at", "transaction"],
                include=("line", "kind", "amount"),
                name="document_currency",
            ),
        ),
    ]
