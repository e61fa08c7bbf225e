"""Alarms before a term, and the notices they become."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from tests.factories import PersonFactory, PostFactory, UserFactory, actor_for, seated
from tests.programme.kemerovo import write_kemerovo

from sreda.kernel.api import Actor, Notice, notices_of, notify, unread
from sreda.portal.notices import mail_notices
from sreda.programme.domain import actions
from sreda.programme.domain.alarms import alarms, raise_alarms
from sreda.programme.models import Action
from sreda.registry.api import Role, User

pytestmark = pytest.mark.django_db


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 5, tzinfo=UTC)


@pytest.fixture
def owner() -> Actor:
    """Of one action with a term on 15 March 2019; everything else is dropped."""
    programme = write_kemerovo(at(date(2018, 11, 1)))
    actions.plan_occurrences(programme)
    found = seated(Role.HEAD)
    Action.objects.exclude(key="M1").update(status="dropped")
    Action.objects.filter(key="M1").update(owner=found.person_id)
    return found


def test_each_threshold_tells_once(owner: Actor) -> None:
    due = date(2019, 3, 15)
    told = []
    day = due - timedelta(days=40)
    while day < due + timedelta(days=5):
        if raise_alarms(at=at(day)):
            told.append((due - day).days)
        assert raise_alarms(at=at(day)) == 0
        day += timedelta(days=1)
    assert told == [30, 7, 1, -1]
    subjects = [n.subject for n in notices_of(owner.person_id).order_by("made_at", "id")]
    assert subjects == [
        "До окончания срока 30 дней: Комплекс мер, 1",
        "До окончания срока 7 дней: Комплекс мер, 1",
        "До окончания срока 1 день: Комплекс мер, 1",
        "Срок истёк: Комплекс мер, 1",
    ]


def test_a_late_start_skips_what_is_past(owner: Actor) -> None:
    assert raise_alarms(at=at(date(2019, 3, 10))) == 1
    assert notices_of(owner.person_id).get().subject.startswith("До окончания срока 5 дней")


def test_a_moved_term_alarms_anew_and_a_done_one_not(owner: Actor) -> None:
    raise_alarms(at=at(date(2019, 3, 14)))
    Action.objects.filter(key="M1").update(due=date(2019, 3, 20))
    assert raise_alarms(at=at(date(2019, 3, 14))) == 1
    Action.objects.filter(key="M1").update(status="done", done_on=date(2019, 3, 14))
    assert raise_alarms(at=at(date(2019, 3, 30))) == 0


def test_without_an_owner_the_operators_are_told(owner: Actor) -> None:
    operators = [PostFactory(role=Role.OPERATOR, organisation=None).person for _ in range(2)]
    PostFactory(role=Role.OPERATOR, organisation=None, until=date(2019, 1, 1))
    Action.objects.filter(key="M1").update(owner=None)
    assert raise_alarms(at=at(date(2019, 3, 14))) == 2
    assert {n.addressee for n in Notice.objects.all()} == {p.pk for p in operators}


def test_open_terms_of_what_comes_again_alarm_each(owner: Actor) -> None:
    Action.objects.filter(key="M5").update(status="planned", owner=owner.person_id)
    found = [(a.action.key, a.due.year, a.threshold) for a in alarms(date(2020, 12, 25))]
    assert found == [("M1", 2019, "past"), ("M5", 2019, "past"), ("M5", 2020, "7")]


def test_mail_goes_once_in_one_letter_a_person(owner: Actor) -> None:
    now = at(date(2019, 3, 14))
    silent = PersonFactory()
    User.objects.filter(pk=owner.user_id).update(email="head@example.org")
    for key in ("a", "b"):
        notify([owner.person_id, silent.pk], key=key, subject=f"Тема {key}", at=now)  # type: ignore[list-item]
    assert mail_notices(at=now) == 1
    assert mail_notices(at=now) == 0
    (letter,) = mail.outbox
    assert letter.to == ["head@example.org"]
    assert letter.subject == "2 новых уведомления"
    assert "Тема a" in letter.body
    assert "Тема b" in letter.body
    assert set(Notice.objects.values_list("addressee", "mailing")) == {
        (owner.person_id, "sent"),
        (silent.pk, "not"),
    }


def test_a_failed_letter_waits_and_then_is_no_news(
    owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = at(date(2019, 3, 14))
    User.objects.filter(pk=owner.user_id).update(email="head@example.org")
    notify([owner.person_id], key="a", subject="Тема", at=now)  # type: ignore[list-item]

    def broken(self: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", broken)
        assert mail_notices(at=now) == 0
    assert Notice.objects.get().mailing == "waiting"
    assert mail_notices(at=now + timedelta(days=4)) == 0
    assert Notice.objects.get().mailing == "not"


def test_one_letter_that_cannot_go_keeps_no_other_waiting(
    owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = at(date(2019, 3, 14))
    other = PersonFactory(email="other@example.org")
    User.objects.filter(pk=owner.user_id).update(email="head@example.org")
    people = [owner.person_id, other.pk]
    notify(people, key="a", subject="Те\rма", at=now)  # type: ignore[arg-type]
    send = EmailMessage.send
    tried: list[str] = []

    def some(self: EmailMessage) -> int:
        tried.extend(self.to)
        if len(tried) == 1:
            raise ValueError("a letter none can send")
        return send(self)

    monkeypatch.setattr("django.core.mail.EmailMessage.send", some)
    assert mail_notices(at=now) == 1
    (letter,) = mail.outbox
    assert letter.subject == "Те ма"  # a title is no way into the headers


def test_the_cabinet_shows_ones_own_notices_and_counts_them(owner: Actor) -> None:
    raise_alarms(at=at(date(2019, 3, 14)))
    client = Client()
    client.force_login(User.objects.get(pk=owner.user_id))
    page = client.get(reverse("notices")).content.decode()
    assert "Комплекс мер, 1" in page
    assert '<span class="count">1</span>' in page
    notice = notices_of(owner.person_id).get()
    stranger = actor_for(UserFactory().person)
    other = Client()
    other.force_login(User.objects.get(pk=stranger.user_id))
    assert other.post(reverse("notice", args=[notice.pk])).status_code == 404
    answer = client.post(reverse("notice", args=[notice.pk]))
    assert answer["Location"] == reverse("programme:action", args=[Action.objects.get(key="M1").pk])
    assert unread.number(owner) == 0


def test_the_operator_alarms_on_demand(owner: Actor) -> None:
    operator = seated(Role.OPERATOR)
    client = Client()
    client.force_login(User.objects.get(pk=operator.user_id))
    for _ in range(2):
        assert client.post(reverse("programme:alarm")).status_code == 302
    assert unread.number(owner) == 1


def test_panels_show_what_is_late_and_ones_own(owner: Actor) -> None:
    client = Client()
    client.force_login(User.objects.get(pk=owner.user_id))
    assert "Мои мероприятия" in client.get(reverse("cabinet")).content.decode()
    operator = seated(Role.OPERATOR)
    client.force_login(User.objects.get(pk=operator.user_id))
    page = client.get(reverse("cabinet")).content.decode()
    assert "Просрочено 1 мероприятие." in page
