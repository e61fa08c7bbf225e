"""A search for duplicates that was broken off is taken up again, and says why it failed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0014_place_names")]

    operations = [
        migrations.AddField(
            model_name="duplicatesearch",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="duplicatesearch",
            name="trouble",
            field=models.TextField(blank=True),
        ),
    ]
