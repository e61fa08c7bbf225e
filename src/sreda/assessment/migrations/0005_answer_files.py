"""Files that answers name become known: without a row that refers to them, tables among them would
be taken for unused and removed."""

import base64
import re
import uuid

import django.db.models.deletion
from django.db import migrations, models

import sreda.kernel.ids

NAMED = re.compile(r"c3RvcmVkO[A-Za-z0-9+/]+=*")  # base64 of "stored:"


def find(apps, schema_editor):
    """Of the answers there are; a file of somebody else's that an answer names is none of it."""
    answers = apps.get_model("assessment", "Answer").objects
    files = apps.get_model("kernel", "StoredFile").objects
    users = apps.get_model("registry", "User").objects
    known = apps.get_model("assessment", "AnswerFile").objects
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            'SELECT id, "values"::text FROM assessment_answer WHERE "values"::text LIKE %s',
            ["%c3RvcmVkO%"],
        )
        named = {pk: _ids(text) for pk, text in cursor.fetchall()}
    for pk, ids in named.items():
        attempt = answers.select_related("attempt").get(pk=pk).attempt
        own = users.filter(person=attempt.person_id).values("pk")
        for file in files.filter(pk__in=ids, stored_by__in=own):
            known.get_or_create(attempt=attempt, file=file)


def _ids(text):
    found = set()
    for part in NAMED.findall(text):
        try:
            found.add(uuid.UUID(base64.b64decode(part).decode().removeprefix("stored:")))
        except ValueError:
            continue
    return found


class Migration(migrations.Migration):
    dependencies = [
        ("assessment", "0004_packages"),
        ("kernel", "0006_file_removal"),
        ("registry", "0011_region_count"),
    ]

    operations = [
        migrations.CreateModel(
            name="AnswerFile",
            fields=[
                ("id", models.UUIDField(default=sreda.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("attempt", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="files", to="assessment.attempt")),
                ("file", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="kernel.storedfile")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("attempt", "file"), name="answer_file_once")],
            },
        ),
        migrations.RunPython(find, migrations.RunPython.noop),
    ]
