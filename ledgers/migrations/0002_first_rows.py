from __future__ import annotations

import iso4217
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def add_currencies(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Every ISO 4217 currency that has a minor unit; metals and test codes have none."""
    Currency = apps.get_model("ledgers", "Currency")
    Currency.objects.using(schema_editor.connection.alias).bulk_create(
        Currency(code=each.code, name=each.currency_name, exponent=each.exponent, kind="FIAT")
        for each in iso4217.Currency
        if each.exponent is not None
    )


def add_general_ledger(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    Ledger = apps.get_model("ledgers", "Ledger")
    Ledger.objects.using(schema_editor.connection.alias).create(
        name="General Ledger", is_general=True
    )


def remove_first_rows(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    apps.get_model("ledgers", "Currency").objects.using(alias).all().delete()
    apps.get_model("ledgers", "Ledger").objects.using(alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0001_initial")]

    operations = [
        migrations.RunPython(add_currencies, migrations.RunPython.noop),
        migrations.RunPython(add_general_ledger, remove_first_rows),
    ]
