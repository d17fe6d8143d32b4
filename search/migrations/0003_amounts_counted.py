from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("search", "0002_filling")]

    operations = [
        migrations.RemoveIndex(model_name="document", name="document_amount"),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                fields=["amount", "transaction"], include=("line", "kind"), name="document_amount"
            ),
        ),
    ]
