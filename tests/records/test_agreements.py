"""A partner reads by agreement, and nothing beside it; each reading is on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry
from sreda.records.api import Scope, account, make
from sreda.records.domain.agreements import make_agreement, revoke_agreement
from sreda.records.models import Agreement
from sreda.registry.api import Role, User, school_year
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    PersonFactory,
    seated,
)
from tests.records.conftest import Lrs
from tests.records.statements import plain

pytestmark = pytest.mark.django_db

READ = "http://adlnet.gov/expapi/verbs/experienced"
PASSED = "http://adlnet.gov/expapi/verbs/passed"
LESSON, COURSE, OTHER = "https://x.test/lesson", "https://x.test/course", "https://x.test/other"


class World:
    """Two learners with records, and a partner whose source reads by agreement."""

    def __init__(self) -> None:
        self.anna, self.boris = EnrolmentFactory(), EnrolmentFactory()
        self.writer = Lrs("statements/write", name="Пишет")
        self.partner = Lrs(Scope.BY_AGREEMENT, name="Партнёр")
        self.own = self.send(self.anna)
        self.passed = self.send(self.anna, PASSED, OTHER)
        self.other = self.send(self.boris)

    def send(self, place: Any, verb: str = READ, thing: str = LESSON, **more: Any) -> str:
        context = {"contextActivities": {"parent": [{"id": COURSE}]}} if thing == LESSON else {}
        [made] = self.writer.send(
            plain(actor=account(place.person_id), verb={"id": verb}, object={"id": thing})
            | ({"context": context} if context else {})
            | more
        )
        return made

    def agree(self, days: int = 1, **scope: Any) -> Agreement:
        on = clock.today()
        scope = scope or {"people": [self.anna.person]}
        return make_agreement(
            number=f"{Agreement.objects.count()}", partner="Институт", purpose="Исследование",
            since=on - timedelta(days=1), until=on + timedelta(days=days),
            credential=self.partner.credential, at=clock.now(), actor=None, **scope,
        )  # fmt: skip

    def seen(self, **asked: Any) -> set[str]:
        return set(self.partner.found(**asked))


@pytest.fixture
def world(db: Any) -> World:
    return World()


def test_without_an_agreement_nothing_is_there(world: World) -> None:
    assert world.seen() == set()
    assert world.partner.get(world.own).status_code == 404


def test_what_is_outside_looks_as_if_it_did_not_exist(world: World) -> None:
    world.agree()
    assert world.seen() == {world.own, world.passed}
    assert world.partner.get(world.own).status_code == 200
    outside, nowhere = world.partner.get(world.other), world.partner.get("1" * 8 + world.other[8:])
    assert outside.status_code == nowhere.status_code == 404
    assert outside.content == nowhere.content
    assert world.seen(agent=account(world.boris.person_id)) == set()
    assert world.seen(verb=PASSED) == {world.passed}
    assert world.seen(agent=account(world.anna.person_id), verb=PASSED) == {world.passed}
    assert world.seen(activity=COURSE, related_activities="true") == {world.own}
    assert world.seen(activity=COURSE) == set()
    for path in ("agents", "activities", "activities/state", "agents/profile"):
        assert (
            world.partner.ask("GET", path, agent=account(world.anna.person_id)).status_code == 403
        )
    assert world.partner.ask("POST", "statements", [plain()]).status_code == 403


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"verbs": [PASSED]}, {"passed"}),
        ({"activities": [COURSE]}, {"own"}),
        ({"activities": [LESSON, OTHER], "verbs": [READ]}, {"own"}),
    ],
)
def test_the_scope_narrows(world: World, scope: Any, expected: set[str]) -> None:
    world.agree(people=[world.anna.person, world.boris.person], **scope)
    seen = world.seen()
    assert {name for name in ("own", "passed") if getattr(world, name) in seen} == expected
    assert (world.other in seen) == (world.partner.get(world.other).status_code == 200)
    assert (world.other in seen) == ("own" in expected)


def test_classes_and_organisations(world: World) -> None:
    group = ClassGroupFactory()
    member = EnrolmentFactory(group=group, organisation=group.organisation)
    gone = EnrolmentFactory(
        group=group, organisation=group.organisation, until=clock.today() - timedelta(days=1)
    )
    own, _past = world.send(member), world.send(gone)
    world.agree(groups=[group])
    assert world.seen() == {own}
    source = Lrs("statements/write", name="Школа", organisation=group.organisation)
    [here] = source.send(plain(actor=account(member.person_id)))
    [of_another] = source.send(plain(actor=account(world.boris.person_id)))
    Agreement.objects.all().delete()
    world.agree(organisations=[group.organisation])
    assert world.seen() == {here, of_another}
    Agreement.objects.all().delete()
    world.agree(groups=[group], organisations=[group.organisation])
    assert world.seen() == {here}


def test_a_statement_about_a_statement_does_not_lead_outside(world: World) -> None:
    """Neither is one of another found by what it refers to, nor the other way."""
    about = {"objectType": "StatementRef", "id": world.own}
    of_boris = world.send(world.boris, object=about)
    of_anna = world.send(world.anna, object={"objectType": "StatementRef", "id": world.other})
    world.agree()
    assert world.seen() == {world.own, world.passed, of_anna}
    assert world.partner.get(of_boris).status_code == 404
    assert world.seen(agent=account(world.boris.person_id)) == set()


def test_pages_of_an_answer_have_each_statement_once(world: World) -> None:
    world.agree(people=[world.anna.person, world.boris.person])
    world.agree(people=[world.anna.person])
    for number in range(7):
        world.send(world.anna if number % 2 else world.boris)
    for order in ("false", "true"):
        answer = world.partner.ask("GET", "statements", limit="3", ascending=order).json()
        found = [one["id"] for one in answer["statements"]]
        while answer["more"]:
            more = answer["more"].partition("/xapi/")[2]
            path, _mark, query = more.partition("?")
            answer = world.partner.ask("GET", f"{path}?{query}").json()
            found += [one["id"] for one in answer["statements"]]
        assert len(found) == len(set(found)) == 10


def test_it_begins_ends_and_is_revoked_at_once(world: World, monkeypatch: Any) -> None:
    made = world.agree()
    assert world.seen()
    now = clock.now()
    for days, there in ((-2, False), (-1, True), (1, True), (2, False)):
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda days=days: now + timedelta(days=days))
            assert bool(world.seen()) is there
    with pytest.raises(ValidationError):
        revoke_agreement(made, reason=" ", at=now, actor=None)
    revoke_agreement(made, reason="Нарушен", at=now, actor=None)
    assert world.seen() == set()


def test_each_reading_is_on_record(world: World) -> None:
    made = world.agree()
    world.seen(verb=READ)
    world.partner.get(world.other)
    first, second = AuditEntry.objects.filter(action="records.agreement.read").order_by("id")
    assert first.data["asked"] == {"verb": READ}
    assert first.data["people"] == [str(world.anna.person_id)]
    assert (first.data["statements"], second.data["statements"]) == (1, 0)
    assert first.object_id == str(made.pk)
    page = client_of(seated(Role.OPERATOR)).get(reverse("records:agreement", args=[made.pk]))
    assert "experienced" in page.content.decode()


def test_such_a_source_has_no_other_right_to_read() -> None:
    for other in ("statements/read", "statements/read/mine", "all"):
        with pytest.raises(ValidationError):
            make("x", scopes=[Scope.BY_AGREEMENT, other], at=clock.now())


def client_of(actor: Any) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def test_organisations_and_learners_are_found_by_name_and_added_as_lines() -> None:
    client = client_of(seated(Role.OPERATOR))
    make("Партнёр", scopes=[Scope.BY_AGREEMENT], at=clock.now())
    places = [
        OrganisationFactory(code=f"42000{n:02}", short_name=f"Школа {n}", locality="Юрга")
        for n in range(10, 30)
    ]
    learner = PersonFactory(external_id="a-1", family_name="Щукина")
    address = reverse("records:agreement_add")
    sent = {"number": "12/3", "organisations": "4200001 было", "people": "", "since": "2026-13-01"}
    found = {"find_organisation_text": "Школа 17", "find_organisation": "", "find_learner_text": ""}
    page = client.post(address, {**sent, **found, "add": "find_organisation"})
    assert page.status_code == 200
    form = page.context["form"]
    assert form["organisations"].value() == "4200001 было\n4200017 Школа 17"
    assert form["number"].value() == "12/3", "what was typed stays"
    assert "Исправьте" not in page.content.decode(), "nothing was entered yet"
    sent["organisations"] = form["organisations"].value()
    again = client.post(address, {**sent, **found, "add": "find_organisation"})
    assert again.context["form"]["organisations"].value() == sent["organisations"]
    many = {"find_organisation_text": "Школа", "find_learner_text": "Щукина"}
    page = client.post(address, {**sent, **many, "add": "find_organisation"})
    assert f'value="{places[0].pk}"' in page.content.decode(), "a short list to choose from"
    assert page.context["form"]["organisations"].value() == sent["organisations"]
    chosen = {**many, "find_learner": str(learner.pk), "find_learner_answered": "Щукина"}
    page = client.post(address, {**sent, **chosen, "add": "find_learner"})
    assert page.context["form"]["people"].value() == f"a-1 {learner.full_name}"
    assert not Agreement.objects.exists()


def test_an_agreement_is_entered_and_revoked_in_pages() -> None:
    client = client_of(seated(Role.OPERATOR))
    partner = make("Партнёр", scopes=[Scope.BY_AGREEMENT], at=clock.now()).credential
    place = OrganisationFactory(code="4200001")
    group = ClassGroupFactory(organisation=place, school_year=school_year(clock.today()), name="7А")
    learner = PersonFactory(external_id="a-1")
    day = clock.today()
    sent = {
        "number": "12/3", "partner": "Институт", "purpose": "Исследование",
        "since": day, "until": day - timedelta(days=1), "credential": partner.pk,
        "people": "a-1\nнет", "groups": "4200001  7А\n4200001 9Я", "organisations": "4200001",
        "activities": "урок", "verbs": "",
    }  # fmt: skip
    address = reverse("records:agreement_add")
    page = client.post(address, sent)
    text = page.content.decode()
    assert page.status_code == 422
    assert "Строка 2" in text
    assert "9Я" in text
    sent |= {"people": "a-1 Щукина Анна", "groups": "4200001 7А", "organisations": "4200001 Лицей"}
    text = client.post(address, sent).content.decode()
    assert "Последний день раньше первого" in text
    assert "не адрес" in text
    sent |= {"until": day, "activities": LESSON}
    assert client.post(address, sent).status_code == 302
    made = Agreement.objects.get()
    assert list(made.people.all()) == [learner]
    assert list(made.groups.all()) == [group]
    assert client.post(address, sent).status_code == 422  # the number is taken
    url = reverse("records:agreement", args=[made.pk])
    assert "Институт" in client.get(url).content.decode()
    assert (
        "12/3" in client.get(reverse("records:agreements"), {"state": "in_force"}).content.decode()
    )
    end = reverse("records:agreement_revoke", args=[made.pk])
    assert client.post(end, {"reason": ""}).status_code == 422
    assert client.post(end, {"reason": "Нарушен"}).status_code == 302
    assert client.post(end, {"reason": "Ещё раз"}).status_code == 302
    made.refresh_from_db()
    assert made.reason == "Нарушен"
    assert AuditEntry.objects.filter(action="records.agreement.revoked").count() == 1
