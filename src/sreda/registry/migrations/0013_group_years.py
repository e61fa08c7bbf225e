"""The years of classes are found by their ends."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0012_table_imports")]

    operations = [
        migrations.AddIndex(
            "classgroup", models.Index(fields=["school_year"], name="group_school_year")
        ),
    ]
