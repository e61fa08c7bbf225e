"""Large tables are read and taken over by the worker: once, whole, and again after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.factories import OrganisationFactory, seated

from sreda.kernel import clock
from sreda.kernel.api import Actor, StoredFile, store
from sreda.registry.api import Person, Post, Role, User
from sreda.registry.domain import import_jobs
from sreda.registry.domain.import_jobs import run_job, start_job, take_up_lost, try_again
from sreda.registry.models import ImportJob, JobStatus, PeopleImport

HEAD = "Номер в исходной системе;Фамилия;Имя;Дата рождения;Код организации;Роль;Класс;С"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def lines(count: int, code: str = "4200001") -> bytes:
    rows = [f"П-{n};Ивушкина;Ольга;01.02.2013;{code};ученик;7А;01.09.2026" for n in range(count)]
    return "\n".join((HEAD, *rows)).encode()


def table(content: bytes) -> StoredFile:
    upload = SimpleUploadedFile("люди.csv", content)
    return store(upload, at=clock.now(), actor=None, kinds=frozenset({".csv"}))


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def worker() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


def operator() -> Actor:
    OrganisationFactory(code="4200001")
    return seated(Role.OPERATOR, on=clock.today())


@pytest.mark.django_db
def test_a_job_reads_and_another_takes_over():
    actor, at = operator(), clock.now()
    job, new = start_job(table(lines(3)), actor=actor, at=at)
    assert new
    assert start_job(job.file, actor=actor, at=at) == (job, False)
    run_job(job.pk, at=at)
    job.refresh_from_db()
    imported = job.people_import
    assert (job.status, imported.new) == (JobStatus.DONE, 3)
    assert not Person.objects.filter(external_id="П-1").exists()
    second, new = start_job(job.file, actor=actor, at=at, imported=imported)
    assert new
    assert start_job(job.file, actor=actor, at=at, imported=imported)[0] == second
    for _ in range(2):
        run_job(second.pk, at=at)
    imported.refresh_from_db()
    assert imported.status == "applied"
    assert Person.objects.filter(external_id__startswith="П-").count() == 3


@pytest.mark.django_db
def test_what_cannot_be_read_says_why_and_can_be_tried_again():
    actor, at = operator(), clock.now()
    job, _new = start_job(table(b"no;such;headings\n1;2;3"), actor=actor, at=at)
    run_job(job.pk, at=at)
    client = signed_in(actor)
    page = client.get(reverse("registry:import_job", args=[job.pk])).content.decode()
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert job.reason
    assert "Попробовать снова" in page
    client.post(reverse("registry:import_job", args=[job.pk]))
    client.post(reverse("registry:import_job", args=[job.pk]))
    assert ProcrastinateJob.objects.filter(args={"job_id": str(job.pk)}).count() == 1


@pytest.mark.django_db
def test_a_post_that_ended_meanwhile_gives_no_right():
    actor, at = operator(), clock.now()
    job, _new = start_job(table(lines(1)), actor=actor, at=at)
    Post.objects.filter(person_id=actor.person_id).update(until=clock.today() - timedelta(days=1))
    run_job(job.pk, at=at)
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert not PeopleImport.objects.exists()


@pytest.mark.django_db
def test_a_lost_job_is_taken_up_once_and_then_given_back():
    actor, at = operator(), clock.now()
    job, _new = start_job(table(lines(1)), actor=actor, at=at)
    for attempt in (1, 2):
        ImportJob.objects.update(
            status=JobStatus.RUNNING, attempts=attempt, beat_at=at - timedelta(minutes=5)
        )
        assert take_up_lost(at) == ([job.pk] if attempt == 1 else [])
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert "ничего не записано" in job.reason.lower()
    assert try_again(job, at=at)
    run_job(job.pk, at=at)
    job.refresh_from_db()
    assert job.status == JobStatus.DONE


@pytest.mark.django_db
def test_what_somebody_works_on_is_neither_lost_nor_begun_again():
    actor, at = operator(), clock.now()
    job, _new = start_job(table(lines(1)), actor=actor, at=at - timedelta(minutes=5))
    ImportJob.objects.update(status=JobStatus.RUNNING, attempts=1)
    page = reverse("registry:import_job", args=[job.pk])
    elsewhere = connection.copy()
    with closing(elsewhere), elsewhere.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 11))", [f"registry.import:{job.pk}"]
        )
        assert take_up_lost(at) == []
        assert not try_again(job, at=at)
        run_job(job.pk, at=at)
        assert "<progress" in signed_in(actor).get(page).content.decode()
    assert "прервалась" in signed_in(actor).get(page).content.decode()
    assert take_up_lost(at) == [job.pk]
    assert take_up_lost(at) == []
    job.refresh_from_db()
    assert (job.status, job.attempts) == (JobStatus.WAITING, 1)


@pytest.mark.django_db
def test_pages_of_a_large_table(monkeypatch):
    monkeypatch.setattr(import_jobs, "LARGE_FILE", 100)
    monkeypatch.setattr(import_jobs, "MANY_ROWS", 1)
    actor = operator()
    client = signed_in(actor)
    worker()

    def hand_in():
        upload = SimpleUploadedFile("люди.csv", lines(4))
        return client.post(reverse("registry:import_people"), {"file": upload}).headers["Location"]

    page = hand_in()
    assert hand_in() == page
    job = ImportJob.objects.get()
    assert page == reverse("registry:import_job", args=[job.pk])
    assert ProcrastinateJob.objects.filter(args={"job_id": str(job.pk)}).count() == 1
    assert f'hx-get="{page}"' in client.get(page).content.decode()
    assert "<html" not in client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert signed_in(seated(Role.HEAD, on=clock.today())).get(page).status_code == 404
    assert page in client.get(reverse("registry:import_people")).content.decode()
    run_job(job.pk, at=clock.now())
    imported = PeopleImport.objects.get()
    shown = reverse("registry:import", args=[imported.pk])
    assert client.get(page).headers["Location"] == shown
    assert client.get(page, headers={"HX-Request": "true"}).headers["HX-Redirect"] == shown
    decide = reverse("registry:import_decide", args=[imported.pk])
    answers = {client.post(decide, {"what": "all"}).headers["Location"] for _ in range(2)}
    assert len(answers) == 1
    run_job(ImportJob.objects.get(applies=True).pk, at=clock.now())
    assert Person.objects.filter(external_id__startswith="П-").count() == 4


@pytest.mark.django_db
def test_without_a_worker_the_page_does_the_work(monkeypatch):
    monkeypatch.setattr(import_jobs, "LARGE_FILE", 100)
    client = signed_in(operator())
    upload = SimpleUploadedFile("люди.csv", lines(4))
    answer = client.post(reverse("registry:import_people"), {"file": upload})
    assert not ImportJob.objects.exists()
    assert answer.headers["Location"] == reverse(
        "registry:import", args=[PeopleImport.objects.get().pk]
    )


RUN = """
import django; django.setup()
from django.conf import settings
from django.db import connections
settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = {name!r}
settings.MEDIA_ROOT = {media!r}
from uuid import UUID
from sreda.kernel import clock
from sreda.registry.domain.import_jobs import run_job
print("go", flush=True)
run_job(UUID({pk!r}), at=clock.now())
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_nothing_half_done(settings):
    actor = operator()
    file = table(lines(40_000))
    job, _new = start_job(file, actor=actor, at=clock.now())
    run_job(job.pk, at=clock.now())
    job.refresh_from_db()
    second, _new = start_job(file, actor=actor, at=clock.now(), imported=job.people_import)
    child = in_another_process(second.pk, settings)
    before = Person.objects.count()
    wait_for(busy_writing)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    second.refresh_from_db()
    assert second.status == JobStatus.RUNNING
    wait_for(lambda: not busy_writing())
    assert Person.objects.count() == before
    later = clock.now() + timedelta(minutes=1)
    # the database may take a moment to see that the other end is dead
    wait_for(lambda: take_up_lost(later) == [second.pk])
    run_job(second.pk, at=clock.now())
    second.refresh_from_db()
    assert second.status == JobStatus.DONE
    assert Person.objects.count() == before + 40_000


def in_another_process(pk: UUID, settings) -> subprocess.Popen[str]:
    name = connection.settings_dict["NAME"]
    code = RUN.format(name=name, media=str(settings.MEDIA_ROOT), pk=str(pk))
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert child.stdout
    assert child.stdout.readline() == "go\n"
    return child


def busy_writing() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE datname = current_database() AND relation = 'registry_person'::regclass"
            " AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid())"
        )
        return cursor.fetchone()[0]


def wait_for(condition, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)
