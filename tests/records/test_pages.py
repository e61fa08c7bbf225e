"""Pages of learning records, what Sreda records itself, daily figures, the command."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry, publish
from sreda.kernel.domain.outbox import deliver_pending
from sreda.records.api import account, record
from sreda.records.domain.figures import count_new, make_months
from sreda.records.models import Credential, DailyCount
from sreda.records.queries.people import every, keys_of_person, wanted
from sreda.registry.api import Role, Teaching
from sreda.registry.events import EnrolmentEnded, LearnerEnrolled, PostGiven
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    UserFactory,
)
from tests.records.conftest import Lrs
from tests.records.statements import LESSON, VERB, plain

pytestmark = pytest.mark.django_db
READ = ("https://x.test/verbs/read", {"ru": "прочитал", "en": "read"})


def client_of(person) -> Client:
    client = Client()
    client.force_login(UserFactory(person=person))
    return client


def done(person, key="1", **more) -> bool:
    return record(key, person_id=person.pk, verb=READ, target=LESSON, at=clock.now(), **more)


def statements_of(person):
    return list(every(wanted(person)))


def test_what_is_recorded_twice_is_there_once():
    learner = EnrolmentFactory().person
    assert done(learner)
    assert not done(learner)
    [kept] = statements_of(learner)
    assert kept["actor"] == account(learner.pk)
    assert kept["authority"]["account"] == {"homePage": settings.SITE_ADDRESS, "name": "sreda"}


def test_events_of_the_registry_are_recorded():
    place = EnrolmentFactory()
    post = PostFactory(role=Role.TEACHER)
    common = {"person_id": place.person_id, "organisation_id": place.organisation_id}
    at = clock.now()
    publish(
        LearnerEnrolled(enrolment_id=place.pk, group_id=None, since=place.since, **common), at=at
    )
    publish(EnrolmentEnded(enrolment_id=place.pk, until=clock.today(), **common), at=at)
    publish(
        PostGiven(
            post_id=post.pk,
            person_id=post.person_id,
            role=post.role,
            organisation_id=post.organisation_id,
            municipality_id=None,
            since=post.since,
            until=None,
        ),
        at=at,
    )
    assert deliver_pending(at=at)
    verbs = [s["verb"]["id"].rpartition("/")[2] for s in statements_of(place.person)]
    assert sorted(verbs) == ["exited", "registered"]
    [joined] = statements_of(post.person)
    assert joined["object"]["definition"]["name"]["ru"] == post.organisation.short_name


def test_a_learner_sees_and_takes_away_their_record():
    learner, other = EnrolmentFactory().person, EnrolmentFactory().person
    client = client_of(learner)
    address = reverse("records:person", args=[learner.pk])
    assert "Записей пока нет" in client.get(address).content.decode()
    done(learner, result={"success": True, "score": {"scaled": 0.75}})
    lrs = Lrs(name="Тренажёр")
    lrs.send(plain(actor=account(learner.pk), object={"id": "https://x.test/=1+1"}))
    done(other, "2")
    page = client.get(address).content.decode()
    for words in ("прочитал", "Дроби", "завершил", "Тренажёр", "75 %", "успех"):
        assert words in page
    assert ">Среда</td>" in page
    assert client.get(reverse("records:people")).url == address
    assert client.get(reverse("records:person", args=[other.pk])).status_code == 404
    table = b"".join(client.get(address, {"export": "csv"}).streaming_content).decode()
    assert len(table.strip().splitlines()) == 3
    kept = json.loads(b"".join(client.get(address, {"export": "json"}).streaming_content))
    assert {s["actor"]["account"]["name"] for s in kept} == {str(learner.pk)}


def test_a_short_verb_is_not_broken_over_lines():
    learner = EnrolmentFactory().person
    done(learner)
    long = ("https://x.test/verbs/long", {"ru": "о" * 60})
    record("2", person_id=learner.pk, verb=long, target=LESSON, at=clock.now())
    page = client_of(learner).get(reverse("records:person", args=[learner.pk])).content.decode()
    assert '">прочитал</td>' in page
    assert 'class="text-break">прочитал' not in page
    assert f'class="text-break">{"о" * 60}' in page


def test_filters_and_pages_of_a_record():
    learner = EnrolmentFactory().person
    client = client_of(learner)
    lrs = Lrs()
    lrs.send(*[plain(actor=account(learner.pk)) for _n in range(60)])
    done(learner)
    address = reverse("records:person", args=[learner.pk])
    first = client.get(address)
    assert first.content.decode().count("<tr>") == 51
    older = first.context["more_url"]
    assert client.get(address + older).content.decode().count("<tr>") == 12
    verbs = {name: number for number, name, _chosen in first.context["verbs"]}
    only = client.get(address, {"verb": verbs["прочитал"]})
    assert only.content.decode().count("<tr>") == 2
    today = timezone.localdate()
    assert client.get(address, {"since": today}).content.decode().count("<tr>") == 51
    empty = client.get(address, {"since": today + timedelta(1)})
    assert "Ничего не найдено" in empty.content.decode()
    for broken in ({"after": "x"}, {"verb": "x"}, {"since": "x"}, {"after": "ж"}):
        assert client.get(address, broken).status_code == 200


def test_a_teacher_sees_the_learners_of_their_classes():
    post = PostFactory(role=Role.TEACHER)
    group = ClassGroupFactory(organisation=post.organisation)
    Teaching.objects.create(post=post, group=group, subject="Физика")
    learner, stranger = EnrolmentFactory(group=group).person, EnrolmentFactory().person
    done(learner)
    client = client_of(post.person)
    page = client.get(reverse("records:people")).content.decode()
    assert learner.full_name in page
    assert stranger.full_name not in page
    assert client.get(reverse("records:person", args=[learner.pk])).status_code == 200
    assert client.get(reverse("records:person", args=[stranger.pk])).status_code == 404
    found = client.get(reverse("records:people"), {"group": group.pk, "q": learner.family_name})
    assert found.context["listing"].total == 1


def test_the_list_costs_the_same_for_many(django_assert_max_num_queries):
    post = PostFactory(role=Role.TEACHER)
    group = ClassGroupFactory(organisation=post.organisation)
    Teaching.objects.create(post=post, group=group, subject="Физика")
    client = client_of(post.person)
    EnrolmentFactory(group=group)
    address = reverse("records:people")
    client.get(address)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _n in range(30):
        done(EnrolmentFactory(group=group).person, key=str(_n))
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.HEAD])
def test_an_office_reads_nobodys_record(role):
    learner = EnrolmentFactory()
    scope = {} if role == Role.HEAD else {"organisation": None}
    if role == Role.HEAD:
        scope = {"organisation": learner.organisation}
    client = client_of(PostFactory(role=role, **scope).person)
    assert client.get(reverse("records:person", args=[learner.person_id])).status_code == 404


def test_records_of_merged_people_are_together():
    kept = PersonFactory()
    other = PersonFactory(merged_into=kept)
    done(other)
    assert len(keys_of_person(kept)) == 2
    assert len(statements_of(kept)) == 1


# -- the operator ------------------------------------------------------------------------------


@pytest.fixture
def operator():
    return client_of(PostFactory(role=Role.OPERATOR, organisation=None).person)


def test_a_key_is_made_shown_once_used_and_revoked(operator, client):
    form = {"name": "Тренажёр", "scopes": ["statements/write", "statements/read/mine"]}
    page = operator.post(reverse("records:credential_add"), form)
    made = page.context["made"]
    assert made.secret in page.content.decode()
    assert made.secret not in operator.get(reverse("records:credentials")).content.decode()
    assert made.secret.encode() not in bytes(made.credential.digest)
    assert page["Cache-Control"] == "private, no-store"
    import base64

    pair = base64.b64encode(f"{made.credential.key}:{made.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "X-Experience-API-Version": "2.0.0"}
    assert client.get("/xapi/statements", headers=headers).status_code == 200
    assert Credential.objects.get().used_at
    again = operator.post(reverse("records:credential_add"), form)
    assert again.status_code == 422
    revoke = reverse("records:credential_revoke", args=[made.credential.pk])
    assert operator.post(revoke).status_code == 302
    assert operator.post(revoke).status_code == 302
    assert client.get("/xapi/statements", headers=headers).status_code == 401
    actions = AuditEntry.objects.filter(action__startswith="records.").values_list("action")
    assert [a for (a,) in actions.order_by("pk")] == [
        "records.credential.made",
        "records.credential.revoked",
    ]
    assert operator.post(reverse("records:credential_add"), form).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("scopes", []),
        ("scopes", ["everything"]),
        ("organisation", "нет такой"),
        ("agent", "x"),
        ("agent", '{"name": "x"}'),
    ],
)
def test_a_wrong_field_is_named(operator, field, value):
    form = {"name": "Тренажёр", "scopes": ["all"]} | {field: value}
    page = operator.post(reverse("records:credential_add"), form)
    assert page.status_code == 422
    assert page.context["form"].errors[field]
    assert not Credential.objects.exists()


def test_figures_count_each_statement_once(operator):
    school = OrganisationFactory()
    lrs = Lrs(name="Школа", organisation=school)
    lrs.send(plain(), plain())
    count_new()
    count_new()
    lrs.send(plain())
    done(PersonFactory())
    count_new()
    rows = DailyCount.objects.values_list("verb__iri", "organisation_id", "statements")
    assert set(rows) == {(VERB["id"], school.pk, 3), (READ[0], None, 1)}
    page = operator.get(reverse("records:totals")).content.decode()
    for words in ("завершил", "прочитал", school.short_name):
        assert words in page


def test_months_are_made_ahead_and_again():
    from django.db import connection

    at = clock.now() + timedelta(days=400)
    make_months(at)
    make_months(at)
    with connection.cursor() as cursor:
        name = f"records_statement_y{at:%Y}m{at:%m}"
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        assert cursor.fetchone() == (True,)


def test_the_command(capsys):
    call_command("records", "credential", "Тренажёр", "--scope", "all/read", "--scope", "state")
    key = capsys.readouterr().out.split()[1]
    made = Credential.objects.get(key=key)
    assert made.scopes == ["all/read", "state"]
    call_command("records", "credentials")
    assert key in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("records", "credential", "Тренажёр")
    with pytest.raises(CommandError):
        call_command("records", "credential", "Другой", "--organisation", "нет")
    call_command("records", "revoke", key)
    with pytest.raises(CommandError):
        call_command("records", "revoke", key)
