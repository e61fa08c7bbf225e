import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0006_import_jobs"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                django.db.models.functions.text.Upper("family_name"),
                name="person_family_name_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                django.db.models.functions.text.Upper("given_name"), name="person_given_name_begins"
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                django.db.models.functions.text.Upper("patronymic"), name="person_patronymic_begins"
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                django.db.models.functions.text.Upper("external_id"),
                name="person_external_id_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(fields=["birth_date"], name="person_by_birth_date"),
        ),
        # What is indexed is an expression: without figures of it the planner guesses.
        migrations.RunSQL("ANALYZE registry_person", migrations.RunSQL.noop),
    ]
