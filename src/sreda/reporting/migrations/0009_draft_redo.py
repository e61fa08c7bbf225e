import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reporting", "0008_people_counts")]

    operations = [
        migrations.AddField(
            model_name="draftstep",
            name="undid",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="reporting.draftstep",
            ),
        ),
    ]
