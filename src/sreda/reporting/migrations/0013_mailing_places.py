"""The same dashboard of another place, kind or post is another report by mail."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0015_searches_at_work"),
        ("reporting", "0012_answers_of_merged_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="mailing", name="mailing_once"),
        migrations.AddConstraint(
            model_name="mailing",
            constraint=models.UniqueConstraint(
                fields=[
                    "dashboard", "user", "seat", "frequency", "format", "municipality", "kind",
                ],
                condition=Q(stopped_at__isnull=True),
                nulls_distinct=False,
                name="mailing_once",
            ),
        ),
    ]
