"""Packs are checked and loaded by the worker: once, whole, and again after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.factories import seated
from tests.programme.world import as_zip, changed, kemerovo, loaded

from sreda.kernel import clock
from sreda.kernel.api import Actor, AuditEntry, store
from sreda.kernel.domain import work as long_work
from sreda.programme.domain import packs, work
from sreda.programme.enums import LoadStatus
from sreda.programme.models import Finding, ListEntry, PackLoad, Programme
from sreda.programme.tasks import defer_pack, sweep_packs
from sreda.registry.api import Post, Role, User


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def operator() -> Actor:
    return seated(Role.OPERATOR, on=clock.today())


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def jobs() -> int:
    return ProcrastinateJob.objects.filter(task_name__endswith=".run_pack").count()


def handed_in(actor: Actor) -> PackLoad:
    file = store(as_zip(kemerovo()), at=clock.now(), actor=actor, kinds=frozenset({".zip"}))
    load, new = packs.begin(file=file, actor=actor, at=clock.now())
    assert new
    return load


@pytest.mark.django_db
def test_a_pack_is_handed_in_once_and_confirmed_once() -> None:
    client = signed_in(operator())
    content = as_zip(kemerovo()).read()

    def hand_in() -> str:
        upload = SimpleUploadedFile("pack.zip", content)
        return client.post(reverse("programme:packs"), {"file": upload}).headers["Location"]

    places = {hand_in() for _ in range(2)}
    load = PackLoad.objects.get()
    page = reverse("programme:pack", args=[load.pk])
    assert places == {page}
    assert jobs() == 1
    shown = client.get(page).content.decode()
    assert f'hx-get="{page}"' in shown
    assert "фоновых" in shown, "nobody works here, and the page says so"
    bar = client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "<progress" in bar
    assert "<html" not in bar
    for _ in range(2):
        work.run(load.pk, at=clock.now())
    answer = client.get(page, headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"
    assert hand_in() == page
    for _ in range(2):
        client.post(reverse("programme:confirm", args=[load.pk]))
    load.refresh_from_db()
    assert load.status == LoadStatus.LOADING
    assert not Programme.objects.exists()
    for _ in range(2):
        work.run(load.pk, at=clock.now())
    load.refresh_from_db()
    assert load.status == LoadStatus.CONFIRMED
    assert AuditEntry.objects.filter(action="programme.pack.loaded").count() == 1
    assert ListEntry.objects.count() == 34


@pytest.mark.django_db
def test_what_is_in_work_is_neither_cancelled_nor_shown_as_ready() -> None:
    actor = operator()
    load = handed_in(actor)
    client = signed_in(actor)
    client.post(reverse("programme:cancel", args=[load.pk]))
    client.post(reverse("programme:again", args=[load.pk]))
    client.post(reverse("programme:confirm", args=[load.pk]))
    load.refresh_from_db()
    assert load.status == LoadStatus.CHECKING
    assert PackLoad.objects.count() == 1


@pytest.mark.django_db
def test_a_post_that_ended_meanwhile_gives_no_right() -> None:
    actor = operator()
    load = handed_in(actor)
    work.run(load.pk, at=clock.now())
    packs.ask_confirm(load=load.pk, actor=actor, at=clock.now())
    Post.objects.filter(person_id=actor.person_id).update(until=clock.today() - timedelta(days=1))
    work.run(load.pk, at=clock.now())
    load.refresh_from_db()
    assert load.status == LoadStatus.STAGED
    assert load.trouble
    assert not Programme.objects.exists()


@pytest.mark.django_db
def test_a_load_overtaken_while_it_waits_still_waits_and_says_why() -> None:
    actor = operator()
    load = handed_in(actor)
    work.run(load.pk, at=clock.now())
    packs.ask_confirm(load=load.pk, actor=actor, at=clock.now())
    loaded(changed("budget", "B212", "2019", "50,6"))
    work.run(load.pk, at=clock.now())
    load.refresh_from_db()
    assert load.status == LoadStatus.STAGED
    page = signed_in(actor).get(reverse("programme:pack", args=[load.pk])).content.decode()
    assert load.trouble in page


@pytest.mark.django_db
def test_work_that_is_broken_off_twice_is_given_back() -> None:
    load = handed_in(operator())
    at = clock.now()
    PackLoad.objects.update(attempts=1)
    assert work.lost(at) == []
    assert work.lost(at + timedelta(minutes=1)) == [load.pk]
    sweep_packs(0)
    PackLoad.objects.update(attempts=2, asked_at=at - timedelta(minutes=5))
    for _ in range(2):
        sweep_packs(0)
        defer_pack(load.pk)
    assert jobs() == 1, "what waits in line does not wait twice"
    work.run(load.pk, at=at)
    load.refresh_from_db()
    assert load.status == LoadStatus.REFUSED
    assert "ничего не записано" in load.trouble.lower()
    again, new = packs.begin_again(load=load, actor=None, at=at)
    assert new
    work.run(again.pk, at=at)
    again.refresh_from_db()
    assert again.status == LoadStatus.STAGED


RUN = """
import django; django.setup()
from django.conf import settings
from django.db import connections
settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = {name!r}
settings.MEDIA_ROOT = {media!r}
from uuid import UUID
from sreda.kernel import clock
from sreda.programme.domain import findings, packs, work
from sreda.programme.queries import stored
def slowly(real):
    def check(*args, **kept):
        found = real(*args, **kept)
        print("here", flush=True)
        import sys; sys.stdin.readline()
        return found
    return check
{where} = slowly({where})
{what}(UUID({pk!r}), at=clock.now())
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["stored.check", "findings.rows.write"])
def test_a_killed_worker_leaves_nothing_half_done(settings: Any, where: str) -> None:
    """Killed in the middle of the check, or of the transaction that loads."""
    loading = where != "stored.check"
    load = asked_for(loading)
    child = in_another_process(load.pk, where, settings)
    later = clock.now() + timedelta(minutes=1)
    assert work.lost(later) == [], "somebody works on it"
    work.run(load.pk, at=clock.now())  # and nobody else does
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    load.refresh_from_db()
    assert load.at_work
    assert not ListEntry.objects.exists()
    assert not Finding.objects.exists()
    # the database may take a moment to see that the other end is dead
    wait_for(lambda: work.lost(later) == [load.pk])
    work.run(load.pk, at=clock.now())
    load.refresh_from_db()
    assert load.status == (LoadStatus.CONFIRMED if loading else LoadStatus.STAGED)
    assert ListEntry.objects.count() == (34 if loading else 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["stored.check", "findings.rows.write"])
def test_a_worker_that_hangs_is_broken_off_and_writes_nothing_when_it_wakes(
    settings: Any, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs with nothing asked of the database, or in the middle of a transaction."""
    loading = where != "stored.check"
    load = asked_for(loading)
    child = in_another_process(load.pk, where, settings)
    later = clock.now() + timedelta(minutes=1)
    assert work.lost(later) == [], "it is given time"
    monkeypatch.setattr(long_work, "HUNG", timedelta())
    wait_for(lambda: work.lost(later) == [load.pk])
    work.run(load.pk, at=clock.now())
    done = PackLoad.objects.filter(pk=load.pk).values().get()
    assert done["status"] == (LoadStatus.CONFIRMED if loading else LoadStatus.STAGED)
    child.communicate("wake\n")
    assert child.returncode == 0
    assert PackLoad.objects.filter(pk=load.pk).values().get() == done
    assert ListEntry.objects.count() == (34 if loading else 0)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_waits_for_a_lock_is_broken_off_and_one_that_works_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(long_work, "HUNG", timedelta())
    params = connection.get_connection_params()
    known = {k: params[k] for k in ("host", "port", "user", "password") if params.get(k)}
    known["dbname"] = connection.settings_dict["NAME"]
    hold = "SELECT pg_advisory_lock(hashtextextended(%s, 11))"
    with (
        psycopg.connect(**known, autocommit=True) as busy,
        psycopg.connect(**known, autocommit=True) as stuck,
        ThreadPoolExecutor() as threads,
    ):
        busy.execute(hold, ["busy"])
        stuck.execute(hold, ["stuck"])
        connection.cursor().execute(hold, ["wanted"])
        # each in a statement that has begun and does not end by itself
        waits = threads.submit(stuck.execute, hold, ["wanted"])
        works = threads.submit(busy.execute, "SELECT pg_sleep(3600)")
        wait_for(lambda: hold.split("(")[0] in _asked_by(stuck))
        wait_for(lambda: long_work.end_hung("stuck"))
        with pytest.raises(psycopg.OperationalError):
            waits.result()
        wait_for(lambda: "pg_sleep" in _asked_by(busy))
        assert not long_work.end_hung("busy")
        busy.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            works.result()
        connection.cursor().execute("SELECT pg_advisory_unlock_all()")


def _asked_by(other: psycopg.Connection[Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT query FROM pg_stat_activity WHERE pid = %s AND state = 'active'",
            [other.info.backend_pid],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def asked_for(loading: bool) -> PackLoad:
    """A pack that waits to be checked, or to be loaded."""
    actor = operator()
    load = handed_in(actor)
    if loading:
        work.run(load.pk, at=clock.now())
        packs.ask_confirm(load=load.pk, actor=actor, at=clock.now())
    return load


def in_another_process(
    pk: UUID, where: str, settings: Any, what: str = "work.run"
) -> subprocess.Popen[str]:
    name, media = connection.settings_dict["NAME"], str(settings.MEDIA_ROOT)
    code = RUN.format(name=name, media=media, pk=str(pk), where=where, what=what)
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=dict(os.environ),
    )  # fmt: skip
    assert child.stdout
    assert child.stdout.readline() == "here\n"
    return child


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)
