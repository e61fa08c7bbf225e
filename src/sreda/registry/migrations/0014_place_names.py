"""Lists of a municipality in the order of its organisations' names read only their first rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0013_group_years")]

    operations = [
        migrations.AddIndex(
            model_name="organisation",
            index=models.Index(
                fields=["municipality", "short_name"], name="organisation_place_name"
            ),
        ),
    ]
