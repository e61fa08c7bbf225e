"""What holds for the whole house: floors and rooms, texts, migrations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from sreda.kernel.domain.retention import HOLDERS

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_imports_only_run_down():
    found = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert found.returncode == 0, found.stdout


def test_every_text_has_its_russian():
    found = run(sys.executable, "tools/i18n.py", "check")
    assert found.returncode == 0, found.stdout


def test_whoever_keeps_contents_on_disk_holds_them():
    """Contents that no row needs are swept away: a new model with a digest says what it is of."""
    of_other_things = {"assessment.itemversion", "assessment.stimulus",
                       "assessment.testversion", "programme.packload"}  # fmt: skip
    held = {"kernel.storedfile"} | {model._meta.label_lower for model, _field in HOLDERS}
    found = {
        model._meta.label_lower
        for model in apps.get_models()
        if any(field.name == "sha256" for field in model._meta.fields)
    }
    assert found <= held | of_other_things
    assert held <= found


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
