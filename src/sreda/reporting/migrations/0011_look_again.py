from django.db import migrations


class Migration(migrations.Migration):
    """Cells filled from other forms were taken to tell of nobody: all that were are looked at
    again, right after the migration."""

    dependencies = [("reporting", "0010_reported_people")]
    operations = [
        migrations.RunSQL(
            "UPDATE reporting_formcell SET of_people = NULL WHERE of_people IS FALSE",
            migrations.RunSQL.noop,
        )
    ]
