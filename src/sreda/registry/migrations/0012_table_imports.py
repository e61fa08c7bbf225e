"""Tables of organisations become tables of any kind that is taken over row by row."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0011_region_count")]

    operations = [
        migrations.RemoveConstraint("badrow", "bad_row_of_one_import"),
        migrations.RemoveConstraint("organisationsimport", "organisations_import_closed"),
        migrations.RenameModel("OrganisationsImport", "TableImport"),
        migrations.RenameField("badrow", "organisations_import", "table_import"),
        migrations.AddField(
            "tableimport", "kind", models.CharField(default="organisations", max_length=20)
        ),
        migrations.AddConstraint(
            "tableimport",
            models.CheckConstraint(
                condition=models.Q(("status", "staged"), ("closed_at__isnull", False), _connector="OR"),
                name="table_import_closed",
            ),
        ),
        migrations.AddConstraint(
            "badrow",
            models.CheckConstraint(
                condition=models.Q(
                    ("people_import__isnull", True),
                    ("table_import__isnull", True),
                    _connector="XOR",
                ),
                name="bad_row_of_one_import",
            ),
        ),
        migrations.AddField("importjob", "kind", models.CharField(default="people", max_length=20)),
        migrations.AddField(
            "importjob",
            "table_import",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="jobs",
                to="registry.tableimport",
            ),
        ),
        migrations.RemoveConstraint("importjob", "import_job_read_once"),
        migrations.RemoveConstraint("importjob", "import_job_applies_something"),
        migrations.AddConstraint(
            "importjob",
            models.UniqueConstraint(
                condition=models.Q(("applies", False), ("status__in", ["waiting", "running"])),
                fields=("digest", "made_by", "kind"),
                name="import_job_read_once",
            ),
        ),
        migrations.AddConstraint(
            "importjob",
            models.UniqueConstraint(
                condition=models.Q(("applies", True), ("status__in", ["waiting", "running"])),
                fields=("table_import",),
                name="import_job_apply_table_once",
            ),
        ),
        migrations.AddConstraint(
            "importjob",
            models.CheckConstraint(
                condition=models.Q(
                    ("applies", False),
                    ("people_import__isnull", False),
                    ("table_import__isnull", False),
                    _connector="OR",
                ),
                name="import_job_applies_something",
            ),
        ),
    ]
