"""Contents go when their term is over, and only then; what no row needs is swept away."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry, StoredFile, keep_content, path_of, store
from sreda.kernel.domain import retention
from sreda.kernel.domain.files import TABLES, place_of
from sreda.kernel.domain.retention import remove_content, remove_unused, sweep_orphans

pytestmark = pytest.mark.django_db
NOW = clock.now()
LATER = NOW + timedelta(days=100)


@pytest.fixture(autouse=True)
def root(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


def keep(name: str = "люди.csv", content: bytes = b"a;b") -> StoredFile:
    return store(SimpleUploadedFile(name, content), at=NOW, actor=None, kinds=TABLES | {".txt"})


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_the_content_goes_with_the_commit_and_what_is_known_stays(
    root, django_capture_on_commit_callbacks
) -> None:
    file = keep()
    with django_capture_on_commit_callbacks(execute=True):
        remove_content(file, at=LATER, days=90)
        assert path_of(file).exists(), "a rollback would leave a row without its content"
    assert not files(root)
    file.refresh_from_db()
    assert (file.name, file.size, file.removed_after) == ("люди.csv", 3, 90)
    assert "90" in file.removal
    entry = AuditEntry.objects.get(action="kernel.file.removed")
    assert (entry.object_id, entry.data["sha256"]) == (str(file.pk), file.sha256)


def test_equal_contents_stay_while_one_of_them_is_needed(
    root, django_capture_on_commit_callbacks
) -> None:
    first, second = keep(), keep("те же.csv")
    with django_capture_on_commit_callbacks(execute=True):
        remove_content(first, at=LATER, days=90)
    assert path_of(second).read_bytes() == b"a;b"
    with django_capture_on_commit_callbacks(execute=True):
        remove_content(second, at=LATER, days=90)
    assert not files(root)


def test_what_is_handed_in_again_at_that_moment_stays(
    root, django_capture_on_commit_callbacks
) -> None:
    """The same content has just come; its row is not committed yet."""
    file = keep()
    os.utime(path_of(file), (LATER.timestamp(), LATER.timestamp()))
    with django_capture_on_commit_callbacks(execute=True):
        remove_content(file, at=LATER, days=90)
    assert files(root) == [path_of(file)]


def test_a_removal_names_its_rule() -> None:
    file = keep()
    file.removed_at = NOW
    with pytest.raises(IntegrityError), transaction.atomic():
        file.save()


def test_a_crash_before_the_content_went_is_made_good(root) -> None:
    file = keep()
    remove_content(file, at=NOW, days=90)  # the callback never runs
    assert sweep_orphans(at=NOW) == 0, "too fresh"
    assert sweep_orphans(at=LATER) == 1
    assert sweep_orphans(at=LATER) == 0
    assert not files(root)


def test_orphans_go_and_nothing_else(root, monkeypatch) -> None:
    needed, other = keep(), keep("б.csv", b"other")
    StoredFile.objects.filter(pk=other.pk).delete()  # a crash between the write and the commit
    held = keep_content(b"attachment")
    monkeypatch.setattr(retention, "HOLDERS", [])
    lost = place_of(held)
    (root / "incoming-1").write_bytes(b"half")
    (lost.parent / "incoming-2").write_bytes(b"half")
    strange = [root / "README", root / "ab", lost.parent / "notes.txt"]
    for path in strange:
        path.write_text("not ours")
    assert sweep_orphans(at=clock.now()) == 0
    assert sweep_orphans(at=LATER) == 4
    assert sorted(files(root)) == sorted([path_of(needed), *strange])
    entry = AuditEntry.objects.get(action="kernel.files.swept")
    assert entry.data["count"] == 4
    assert other.sha256 in entry.data["names"]


def test_contents_of_other_models_are_held(root, monkeypatch) -> None:
    digest = keep_content(b"attachment")
    monkeypatch.setattr(retention, "HOLDERS", [(StoredFile, "name")])
    StoredFile.objects.create(name=digest, size=1, sha256="-", stored_at=NOW)
    assert sweep_orphans(at=LATER) == 0
    assert place_of(digest).exists()


@pytest.mark.parametrize("needed", [True, False])
def test_a_crash_while_a_content_lay_aside(root, needed) -> None:
    file = keep()
    path_of(file).rename(path_of(file).with_suffix(".gone"))
    if not needed:
        StoredFile.objects.all().delete()
    sweep_orphans(at=LATER)
    assert files(root) == ([path_of(file)] if needed else [])


def test_tables_nobody_refers_to_go_and_others_stay(
    root, django_capture_on_commit_callbacks
) -> None:
    table, text = keep(), keep("письмо.txt", b"text")
    assert remove_unused(at=NOW, days=90) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert remove_unused(at=LATER, days=90) == 1
    assert remove_unused(at=LATER, days=90) == 0
    table.refresh_from_db()
    assert table.removed_at == LATER
    assert files(root) == [path_of(text)]
