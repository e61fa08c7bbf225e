from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reporting", "0006_analytics")]

    operations = [
        migrations.AddField(
            model_name="answer",
            name="kind",
            field=models.CharField(
                blank=True, default="", max_length=20, verbose_name="kind of organisation"
            ),
            preserve_default=False,
        ),
    ]
