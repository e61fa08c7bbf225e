"""What holds for the whole house: floors and rooms, texts, migrations."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
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


def test_no_text_hides_in_a_formatted_string():
    """The extraction of texts does not look into f-strings: such a text would stay English."""
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sorted((ROOT / "src/sreda").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and (call.func.id == "_" or "gettext" in call.func.id)
    ]
    assert hidden == []


def test_texts_that_contradict_each_other_are_found():
    """Django's catalogues become one: the first app's wording would show in the other."""
    spec = importlib.util.spec_from_file_location("i18n", ROOT / "tools/i18n.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def catalogue(text, said, context=None):
        made = Catalog(locale="ru")
        made.add(text, said, context=context)
        return made

    def found(first, second):
        return list(tool.contradictions({"one": first, "two": second}))

    (fault,) = found(catalogue("Done", "Готово"), catalogue("Done", "Выполнено"))
    for word in ("Done", "one", "Готово", "two", "Выполнено"):
        assert word in fault
    assert not found(catalogue("Done", "Готово"), catalogue("Done", "Готово"))
    assert not found(catalogue("Done", "Готово"), catalogue("Done", "Выполнено", "work"))
    assert not found(catalogue("Done", "Готово"), catalogue("Done", ""))
    rows, others = ("%(n)s row", "%(n)s rows"), ("строка", "строки", "строк")
    assert found(catalogue(rows, others), catalogue(rows, ("ряд", "ряда", "рядов")))
    fuzzy = catalogue("Done", "Готово")
    fuzzy.get("Done").flags.add("fuzzy")
    assert tool.missing(fuzzy) == ["Done"]
    assert tool.missing(catalogue("Done", "")) == ["Done"]
    assert tool.missing(catalogue(rows, ("строка", "", ""))) == [str(rows)]


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
