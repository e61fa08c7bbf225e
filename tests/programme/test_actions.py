"""Measures and roadmap: rules of states, terms, links, evidence; the pages and their cost."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import PersonFactory, PostFactory, actor_for, seated
from tests.programme.kemerovo import pack, write_kemerovo

from sreda.kernel.api import Actor, AuditEntry, history_of
from sreda.programme.domain import actions, rows
from sreda.programme.models import Action, Dependency, Evidence, Occurrence, Programme
from sreda.registry.api import Role, User

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.fixture
def programme() -> Programme:
    made = write_kemerovo(AT)
    actions.plan_occurrences(made)
    return made


@pytest.fixture
def operator() -> Actor:
    return seated(Role.OPERATOR)


def client_of(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def get(key: str) -> Action:
    return Action.objects.get(key=key)


def move(key: str, status: str, actor: Actor, **more: Any) -> Action:
    found = get(key)
    return actions.set_state(
        action=found.pk, edition=found.edition, status=status, actor=actor, at=AT, **more
    )


def messages_of(error: pytest.ExceptionInfo[ValidationError]) -> str:
    return " ".join(error.value.messages)


# ---- states


def test_done_waits_for_what_it_depends_on(programme: Programme, operator: Actor) -> None:
    with pytest.raises(ValidationError) as refused:
        move("M3", "done", operator)
    assert "Комплекс мер, 1" in messages_of(refused)
    assert "Комплекс мер, 2" in messages_of(refused)
    move("M1", "done", operator, done_on=date(2019, 3, 15))
    move("M2", "dropped", operator, reason="не нужен")
    assert move("M3", "done", operator).done_on == date(2026, 11, 20)


def test_a_waiver_needs_its_reason_and_keeps_it(programme: Programme, operator: Actor) -> None:
    with pytest.raises(ValidationError):
        move("M3", "done", operator, waive=True)
    done = move("M3", "done", operator, waive=True, reason="согласовано письмом")
    assert done.waiver == "согласовано письмом"
    assert move("M3", "active", operator, reason="ошибка").waiver == ""
    assert [r.reason for r in history_of(done)][:2] == ["ошибка", "согласовано письмом"]


def test_a_day_to_come_and_a_stale_page_are_refused(programme: Programme, operator: Actor) -> None:
    with pytest.raises(ValidationError):
        move("M1", "done", operator, done_on=date(2026, 11, 21))
    move("M1", "active", operator)
    with pytest.raises(ValidationError):
        actions.set_state(action=get("M1").pk, edition=1, status="done", actor=operator, at=AT)
    assert get("M1").status == "active"


def test_the_same_sent_twice_is_one_change(programme: Programme, operator: Actor) -> None:
    found = get("M1")
    for _ in range(2):
        actions.set_state(
            action=found.pk, edition=found.edition, status="active", actor=operator, at=AT
        )
    assert AuditEntry.objects.filter(action="programme.action.moved").count() == 1
    assert get("M1").edition == found.edition + 1


# ---- terms


def test_own_dates_outlive_the_next_pack(programme: Programme, operator: Actor) -> None:
    found = get("R4")
    with pytest.raises(ValidationError):
        actions.set_term(
            action=found.pk, edition=1, start=None, due=date(2019, 7, 1), reason=" ",
            actor=operator, at=AT,
        )  # fmt: skip
    actions.set_term(
        action=found.pk, edition=found.edition, start=date(2019, 6, 1), due=date(2019, 7, 1),
        reason="перенос", actor=operator, at=AT,
    )  # fmt: skip
    rows.write(programme, pack(), pack(), at=AT)
    assert (get("R4").start, get("R4").due) == (date(2019, 6, 1), date(2019, 7, 1))
    assert get("R3").due == date(2019, 4, 30)


def test_what_comes_again_is_done_term_by_term(programme: Programme, operator: Actor) -> None:
    terms = Occurrence.objects.filter(action__key="M5")
    assert [t.due.year for t in terms] == [2019, 2020, 2021]
    assert [t.due.year for t in Occurrence.objects.filter(action__key="M6")] == [2019]
    assert actions.plan_occurrences(programme) == 0
    move("M2", "dropped", operator, reason="проверка")
    with pytest.raises(ValidationError) as refused:
        move("M5", "done", operator)
    assert "31.12.2020" in messages_of(refused)
    for term in terms:
        actions.finish_occurrence(occurrence=term.pk, done_on=term.due, actor=operator, at=AT)
    assert move("M5", "done", operator).status == "done"


# ---- links


def test_a_circle_is_refused_and_named(programme: Programme, operator: Actor) -> None:
    with pytest.raises(ValidationError) as refused:
        actions.add_dependency(action=get("M1").pk, needs=get("R6").pk, actor=operator, at=AT)
    way = messages_of(refused)
    assert way.startswith("Мероприятия ждали бы друг друга по кругу: Комплекс мер, 1 → Дорожная")
    assert way.endswith("→ Комплекс мер, 1.")
    assert not Dependency.objects.filter(action__key="M1").exists()


def test_links_of_people_outlive_the_next_pack(programme: Programme, operator: Actor) -> None:
    actions.add_dependency(action=get("R5").pk, needs=get("R4").pk, actor=operator, at=AT)
    actions.drop_dependency(action=get("M3").pk, needs=get("M1").pk, actor=operator, at=AT)
    rows.write(programme, pack(), pack(), at=AT)
    present = Dependency.objects.filter(ended_at=None)
    assert present.filter(action__key="R5", needs__key="R4").exists()
    assert not present.filter(action__key="M3", needs__key="M1").exists()
    actions.add_dependency(action=get("M3").pk, needs=get("M1").pk, actor=operator, at=AT)
    assert present.filter(action__key="M3", needs__key="M1").exists()


@pytest.mark.django_db(transaction=True)
def test_two_halves_of_a_circle_at_once(operator: Actor) -> None:
    write_kemerovo(AT)
    first, second = get("M4").pk, get("R5").pk
    refused: list[ValidationError] = []
    start = threading.Barrier(2)

    def link(action: Any, needs: Any) -> None:
        try:
            start.wait()
            actions.add_dependency(action=action, needs=needs, actor=operator, at=AT)
        except ValidationError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=link, args=pair) for pair in [(first, second), (second, first)]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Dependency.objects.filter(ours=True).count() == 1


# ---- owners


def test_only_staff_operators_and_heads_own(programme: Programme, operator: Actor) -> None:
    teacher, head = PostFactory().person, PostFactory(role=Role.HEAD).person
    found = get("M1")
    with pytest.raises(ValidationError):
        actions.set_owner(action=found.pk, edition=1, owner=teacher.pk, actor=operator, at=AT)
    actions.set_owner(action=found.pk, edition=1, owner=head.pk, actor=operator, at=AT)
    assert get("M1").owner == head


def test_an_owner_moves_their_own_action_only(programme: Programme, operator: Actor) -> None:
    owner = seated(Role.HEAD)
    Action.objects.filter(key="M1").update(owner=owner.person_id)
    client = client_of(owner)
    own, other = get("M1"), get("M2")

    def send(action: Action) -> int:
        url = reverse("programme:action_state", args=[action.pk])
        return client.post(url, {"status": "active", "edition": action.edition}).status_code

    assert send(own) == 302
    assert send(other) == 403
    assert (get("M1").status, get("M2").status) == ("active", "planned")
    url = reverse("programme:action_term", args=[own.pk])
    assert client.post(url, {"due": "2027-01-01", "reason": "я"}).status_code == 403


def test_an_owner_without_other_rights_sees_their_own(programme: Programme) -> None:
    owner = actor_for(PostFactory().person)  # a teacher
    client = client_of(owner)
    assert client.get(reverse("programme:actions")).status_code == 404
    Action.objects.filter(key="M1").update(owner=owner.person_id)
    page = client.get(reverse("programme:actions")).content.decode()
    assert reverse("programme:action", args=[get("M1").pk]) in page
    assert reverse("programme:action", args=[get("M2").pk]) not in page
    assert client.get(reverse("programme:action", args=[get("M2").pk])).status_code == 404


# ---- evidence


def test_evidence_is_kept_once_handed_out_and_removed(
    programme: Programme, operator: Actor
) -> None:
    client, found = client_of(operator), get("M1")
    url = reverse("programme:action_evidence", args=[found.pk])
    for _ in range(2):
        paper = SimpleUploadedFile("акт.txt", "подписано".encode())
        sent = client.post(url, {"title": "Акт", "file": paper, "_key": "once"})
        assert sent.status_code == 302
    kept = Evidence.objects.get()
    answer = client.get(reverse("programme:evidence_file", args=[kept.pk]))
    assert b"".join(answer.streaming_content) == "подписано".encode()  # type: ignore[attr-defined]
    assert answer["Content-Disposition"].startswith("attachment")
    assert client.post(reverse("programme:evidence_remove", args=[kept.pk])).status_code == 302
    assert client.get(reverse("programme:evidence_file", args=[kept.pk])).status_code == 404
    assert AuditEntry.objects.filter(action="programme.evidence.removed").count() == 1
    page = client.get(reverse("programme:action", args=[found.pk])).content.decode()
    assert "файл удалён" in page


def test_a_hostile_file_is_refused_at_its_field(programme: Programme, operator: Actor) -> None:
    url = reverse("programme:action_evidence", args=[get("M1").pk])
    paper = SimpleUploadedFile("акт.pdf", b"MZ not a pdf")
    answer = client_of(operator).post(url, {"title": "Акт", "file": paper})
    assert answer.status_code == 422
    assert "не то, чем" in answer.content.decode() or "акт.pdf" in answer.content.decode()
    assert not Evidence.objects.exists()


# ---- pages


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(url).status_code == 200
    return len(found)


@pytest.mark.parametrize("name", ["actions", "board", "gantt"])
def test_pages_cost_the_same_however_many_actions(
    programme: Programme, operator: Actor, name: str
) -> None:
    client, url = client_of(operator), reverse(f"programme:{name}")
    before = queries(client, url)
    owner = PersonFactory()
    Action.objects.bulk_create(
        Action(
            programme=programme, key=f"X{n}", plan="roadmap", number=100 + n, name=f"Шаг {n}",
            owner=owner, due=date(2019, 5, 1),
        )
        for n in range(20)
    )  # fmt: skip
    assert queries(client, url) == before


def test_the_list_filters_searches_and_exports(programme: Programme, operator: Actor) -> None:
    client, url = client_of(operator), reverse("programme:actions")

    def rows_of(**params: str) -> list[str]:
        return [a.key for a in client.get(url, params).context["listing"].page]

    assert len(rows_of()) == 13
    assert rows_of(plan="measures", q="инвентаризации") == ["M6"]
    move("M1", "done", operator)
    assert "M1" not in rows_of(term="late")
    assert rows_of(status="done") == ["M1"]
    assert rows_of(sort="due")[0] == "M7"
    text = b"".join(client.get(url, {"export": "csv"}).streaming_content).decode()  # type: ignore[attr-defined]
    assert text.count("\n") == 14 + sum(a.name.count("\n") for a in Action.objects.all())


def test_the_chart_draws_links_and_repeated_terms(programme: Programme, operator: Actor) -> None:
    page = client_of(operator).get(reverse("programme:gantt")).content.decode()
    links = Dependency.objects.filter(ended_at=None, needs__due__isnull=False)
    links = links.filter(action__due__isnull=False)
    assert page.count('aria-hidden="true"/>') >= links.count() > 10
    assert page.count("rotate(45)") == 3  # 2019, 2020, 2021; that of M6 is its bar's end
    year = client_of(operator).get(reverse("programme:gantt"), {"year": "2020"})
    assert [bar.action.key for bar, _needs in year.context["bars"]] == ["M5"]


def test_a_refused_move_says_what_is_missing(programme: Programme, operator: Actor) -> None:
    found = get("M3")
    url = reverse("programme:action_state", args=[found.pk])
    answer = client_of(operator).post(
        url, {"status": "done", "edition": found.edition, "next": "board"}
    )
    assert answer.status_code == 422
    assert "Комплекс мер, 1; Комплекс мер, 2" in answer.content.decode()


# ---- the board's script asks for the same answers in JSON


def test_a_dropped_card_gets_the_same_answers_in_json(
    programme: Programme, operator: Actor
) -> None:
    client = client_of(operator)
    found = get("M5")
    url = reverse("programme:action_state", args=[found.pk])

    def send(status: str, **more: str) -> Any:
        sent = {"status": status, "edition": get("M5").edition, "next": "board", **more}
        return client.post(url, sent, headers={"Accept": "application/json"})

    refused = send("dropped")
    assert refused.status_code == 422
    assert list(refused.json()["errors"]) == ["reason"]
    assert get("M5").status == found.status
    kept = send("dropped", reason="снято приказом")
    assert kept.status_code == 200
    assert kept.json()["said"]
    assert get("M5").status == "dropped"
    stale = client.post(
        url,
        {"status": "active", "edition": found.edition, "reason": "снова"},
        headers={"Accept": "application/json"},
    )
    assert stale.status_code == 422
    assert list(stale.json()["errors"]) == ["__all__"]


def test_only_cards_one_may_move_can_be_dragged(programme: Programme, operator: Actor) -> None:
    page = client_of(operator).get(reverse("programme:board")).content.decode()
    assert "data-board" in page
    assert page.count("data-card") == Action.objects.filter(gone_at=None).count()
    owner = seated(Role.HEAD)
    Action.objects.filter(key="M5").update(owner=owner.person_id)
    seen = client_of(owner).get(reverse("programme:board")).content.decode()
    assert seen.count("data-card") == 1
