"""Tables of people do not lie about for ever: file, staged rows and faulty rows go together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from tests.factories import OrganisationFactory, seated
from tests.registry.test_import_jobs import lines, signed_in

from sreda.kernel import clock
from sreda.kernel.api import Actor, AuditEntry, path_of, store
from sreda.registry.api import Person, Role
from sreda.registry.domain.import_jobs import start_job, try_again
from sreda.registry.domain.organisations_import import ORGANISATIONS_TABLE
from sreda.registry.domain.people_import import apply_import, cancel_import, stage_people
from sreda.registry.domain.retention import remove_old_tables
from sreda.registry.domain.table_import import stage_table
from sreda.registry.models import BadRow, ImportJob, JobStatus, PeopleImport
from sreda.registry.tasks import remove_old_tables as task

pytestmark = pytest.mark.django_db
NOW = clock.now()


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def actor() -> Actor:
    OrganisationFactory(code="4200001")
    return seated(Role.OPERATOR, on=clock.today())


@pytest.fixture
def after(django_capture_on_commit_callbacks):
    def removed(days: int) -> int:
        with django_capture_on_commit_callbacks(execute=True):
            return remove_old_tables(at=NOW + timedelta(days=days), days=90)

    return removed


def kept(content: bytes):
    upload = SimpleUploadedFile("люди.csv", content)
    return store(upload, at=NOW, actor=None, kinds=frozenset({".csv"}))


def staged(actor: Actor) -> PeopleImport:
    wrong = "\nП-9;Ломов;Пётр;31.02.2013;4200001;ученик;7А;01.09.2026".encode()
    return stage_people(kept(lines(3) + wrong), actor=actor, at=NOW)


def test_a_table_that_was_taken_over(actor, after) -> None:
    imported = staged(actor)
    apply_import(imported, actor=actor, at=NOW + timedelta(days=10), only_good=True)
    assert after(99) == 0
    assert path_of(imported.file).exists()
    assert after(101) == 1
    assert after(101) == 0
    imported.refresh_from_db()
    assert not path_of(imported.file).exists()
    assert not BadRow.objects.exists()
    assert (imported.status, imported.bad, imported.file.name) == ("applied", 1, "люди.csv")
    assert Person.objects.filter(external_id__startswith="П-").count() == 3
    page = signed_in(actor).get(reverse("registry:import", args=[imported.pk])).content.decode()
    assert imported.file.removal in page
    assert imported.file.sha256 in page
    assert "90 дней" in page
    faulty = reverse("registry:import_bad", args=[imported.pk])
    assert faulty not in page
    assert AuditEntry.objects.filter(action="kernel.file.removed").count() == 1


def test_a_table_left_lying_is_dropped_with_its_rows(actor, after) -> None:
    imported = staged(actor)
    assert after(89) == 0
    assert after(91) == 1
    imported.refresh_from_db()
    assert (imported.status, imported.closed_by) == ("cancelled", None)
    assert not path_of(imported.file).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [imported.table])
        assert cursor.fetchone()[0] is None
    assert not BadRow.objects.exists()


def test_one_file_of_two_imports_waits_for_the_later(actor, after) -> None:
    imported = staged(actor)
    cancel_import(imported, actor=actor, at=NOW)
    later = stage_people(imported.file, actor=actor, at=NOW + timedelta(days=50))
    assert after(100) == 0
    assert later.status == "staged"
    assert after(141) == 1


def test_a_job_that_failed_cannot_be_tried_again_without_its_file(actor, after) -> None:
    job, _new = start_job(kept(b"no;such\n1;2"), actor=actor, at=NOW)
    assert after(91) == 0, "it waits for its turn"
    ImportJob.objects.update(status=JobStatus.FAILED, reason="…")
    assert after(91) == 1
    job.refresh_from_db()
    assert not try_again(job, at=NOW)
    page = signed_in(actor).get(reverse("registry:import_job", args=[job.pk])).content.decode()
    assert job.file.removal in page
    assert "Попробовать снова" not in page


def test_a_table_of_organisations_left_lying(actor, after) -> None:
    imported = stage_table(
        ORGANISATIONS_TABLE,
        kept("код;телефон\n4200001;+7 384\nнет такого;1".encode()),
        actor=actor,
        at=NOW,
    )
    assert imported.rows
    assert after(91) == 1
    imported.refresh_from_db()
    assert (imported.status, imported.rows, imported.bad) == ("cancelled", [], 1)


def test_for_ever_when_the_installation_says_so(actor, settings) -> None:
    imported = staged(actor)
    PeopleImport.objects.update(staged_at=NOW - timedelta(days=1_000))
    settings.TABLES_KEPT_DAYS = 0
    task(timestamp=0)
    imported.file.refresh_from_db()
    assert imported.file.removed_at is None
    settings.TABLES_KEPT_DAYS = 90
    task(timestamp=0)
    imported.file.refresh_from_db()
    assert imported.file.removed_at
