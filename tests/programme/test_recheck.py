"""After decisions the document is checked again by the worker: once, whole, again after a kill."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.programme.test_packs_at_work import in_another_process, operator, signed_in, wait_for
from tests.programme.world import loaded

from sreda.kernel import clock
from sreda.kernel.api import Actor, AuditEntry
from sreda.programme.domain import findings, work
from sreda.programme.enums import FindingStatus
from sreda.programme.models import BudgetAmount, Correction, Finding, Programme
from sreda.programme.queries import stored
from sreda.programme.tasks import sweep_packs

WRONG, RIGHT = Decimal("5610.00"), Decimal("4505.00")


def jobs(of: Programme) -> int:
    asked = ProcrastinateJob.objects.filter(task_name__endswith=".recheck_programme")
    return asked.filter(args__programme_id=str(of.pk)).count()


def total() -> Decimal:
    return BudgetAmount.objects.get(line__key="total", year=2019).value  # type: ignore[return-value]


def correct(client: Client, finding: Finding) -> Any:
    sent = {"status": "corrected", "value": "4 505,0", "reason": "Сумма статей"}
    return client.post(reverse("programme:finding", args=[finding.pk]), sent)


def decided(actor: Actor) -> Programme:
    programme = loaded()
    finding = Finding.objects.get(rule="budget.year-total")
    findings.decide(
        findings=[finding.pk], status="corrected", value="4 505,0", reason="Сумма статей",
        actor=actor, at=clock.now(),
    )  # fmt: skip
    programme.refresh_from_db()
    return programme


@pytest.mark.django_db
def test_a_correction_is_kept_at_once_and_worked_in_by_the_worker(monkeypatch: Any) -> None:
    programme = loaded()
    finding = Finding.objects.get(rule="budget.year-total")
    client = signed_in(operator())

    def never(*args: Any, **more: Any) -> None:
        raise AssertionError("the request checks the whole document")

    with monkeypatch.context() as patched:
        patched.setattr(stored, "check", never)
        assert [correct(client, finding).status_code for _ in range(2)] == [302, 302]
    finding.refresh_from_db()
    assert finding.status == FindingStatus.CORRECTED
    assert Correction.objects.count() == 1, "pressed twice it is one correction"
    assert AuditEntry.objects.filter(action="programme.finding.decided").count() == 1
    assert jobs(programme) == 1
    assert total() == WRONG
    bar = reverse("programme:recheck", args=[programme.pk])
    for url in (reverse("programme:findings"), reverse("programme:finding", args=[finding.pk])):
        page = client.get(url).content.decode()
        assert f'hx-get="{bar}"' in page
        assert "фоновых" in page, "nobody works here, and the page says so"
    polled = client.get(bar)
    assert "<progress" in polled.content.decode()
    assert "HX-Retarget" not in polled.headers
    for _ in range(2):
        work.recheck(programme.pk, at=clock.now())
    assert total() == RIGHT
    finding.refresh_from_db()
    assert finding.gone_at
    polled = client.get(bar)
    assert "<progress" not in polled.content.decode()
    assert polled.headers["HX-Retarget"] == "#recheck"
    assert bar not in client.get(reverse("programme:findings")).content.decode()


@pytest.mark.django_db
def test_a_decision_made_while_the_document_is_checked_counts(monkeypatch: Any) -> None:
    actor = operator()
    programme = decided(actor)
    other = Finding.objects.filter(rule="list.ratio")[0]
    real, rounds = findings.checked, []

    def meanwhile(*args: Any) -> Any:
        if not rounds:
            findings.decide(
                findings=[other.pk], status="corrected", reason="Пересчитано", actor=actor,
                at=clock.now() + timedelta(seconds=1),
            )  # fmt: skip
        rounds.append(1)
        return real(*args)

    monkeypatch.setattr(findings, "checked", meanwhile)
    work.recheck(programme.pk, at=clock.now())
    programme.refresh_from_db()
    other.refresh_from_db()
    assert programme.recheck_asked_at is None
    assert total() == RIGHT
    assert other.gone_at


@pytest.mark.django_db
def test_what_fails_is_said_and_can_be_asked_for_again(monkeypatch: Any) -> None:
    actor = operator()
    programme = decided(actor)
    with monkeypatch.context() as patched:
        patched.setattr(findings.rows, "write", lambda *args, **more: 1 / 0)
        work.recheck(programme.pk, at=clock.now())
    assert total() == WRONG
    client = signed_in(actor)
    page = client.get(reverse("programme:findings")).content.decode()
    assert "Проверить снова" in page
    assert Correction.objects.filter(ended_at=None).count() == 1
    for _ in range(2):
        client.post(reverse("programme:recheck", args=[programme.pk]))
    assert jobs(programme) == 1
    work.recheck(programme.pk, at=clock.now())
    assert total() == RIGHT
    assert "Проверить снова" not in client.get(reverse("programme:findings")).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["stored.check", "findings.rows.write"])
def test_a_killed_worker_loses_and_doubles_nothing(settings: Any, where: str) -> None:
    actor = operator()
    programme = decided(actor)
    child = in_another_process(programme.pk, where, settings, "work.recheck")
    later = clock.now() + timedelta(minutes=1)
    assert work.lost_rechecks(later) == [], "somebody works on it"
    work.recheck(programme.pk, at=clock.now())  # and nobody else does
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert total() == WRONG
    wait_for(lambda: work.lost_rechecks(later) == [programme.pk])
    Programme.objects.update(recheck_asked_at=clock.now() - timedelta(minutes=1))
    for _ in range(2):
        sweep_packs(0)
    assert jobs(programme) == 1
    work.recheck(programme.pk, at=clock.now())
    assert total() == RIGHT
    assert Correction.objects.count() == 1


@pytest.mark.django_db
def test_a_check_that_is_broken_off_twice_is_given_back() -> None:
    programme = decided(operator())
    Programme.objects.update(recheck_attempts=2)
    work.recheck(programme.pk, at=clock.now())
    programme.refresh_from_db()
    assert programme.recheck_asked_at is None
    assert "дважды" in programme.recheck_trouble
    assert total() == WRONG


@pytest.mark.django_db
def test_a_pack_that_is_loaded_meanwhile_takes_the_decision_along() -> None:
    programme = decided(operator())
    loaded(at=clock.now())
    programme.refresh_from_db()
    assert programme.recheck_asked_at is None
    assert total() == RIGHT


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["overview", "entries", "budget", "indicators", "actions"])
def test_pages_of_the_document_say_that_it_is_being_checked_again(name: str) -> None:
    programme = decided(operator())
    client, address = signed_in(operator()), reverse(f"programme:{name}")
    words = "документ проверяется заново"
    assert words in client.get(address).content.decode()
    work.recheck(programme.pk, at=clock.now())
    assert words not in client.get(address).content.decode()


@pytest.mark.django_db
def test_work_under_way_can_be_looked_at_again_without_a_script() -> None:
    decided(operator())
    page = signed_in(operator()).get(reverse("programme:findings")).content.decode()
    assert '<p class="without-script mb-0 mt-3"><a class="btn btn-sm" href="">' in page
